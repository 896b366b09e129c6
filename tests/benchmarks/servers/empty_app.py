"""The limit of any service on this server: an endpoint that reads a body and answers a constant."""

BODY = b'{"prediction": 0.5}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await live(receive, send)
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def live(receive, send):
    ended = False
    while not ended:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        ended = message["type"] == "lifespan.shutdown"
