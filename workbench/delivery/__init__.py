"""Messages to people: a webhook, Slack's form of one, or e-mail; once each, and no secret in them or about them."""
