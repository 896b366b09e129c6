{
 "noun": "profile",
 "format_version": 2,
 "rows": 400,
 "columns": [],
 "contract": {
  "columns": [
   {
    "name": "age",
    "kind": "integer",
    "role": "feature",
    "minimum": 18.0,
    "maximum": 89.0,
    "categories": null,
    "missing_allowed": true,
    "unit": null,
    "sensitive": false
   },
   {
    "name": "income",
    "kind": "number",
    "role": "feature",
    "minimum": 446.1156707919229,
    "maximum": 472615.16848879145,
    "categories": null,
    "missing_allowed": true,
    "unit": null,
    "sensitive": false
   },
   {
    "name": "city",
    "kind": "category",
    "role": "feature",
    "minimum": null,
    "maximum": null,
    "categories": [
     "Bonn",
     "Köln",
     "Ulm"
    ],
    "missing_allowed": true,
    "unit": null,
    "sensitive": false
   },
   {
    "name": "bought",
    "kind": "category",
    "role": "target",
    "minimum": null,
    "maximum": null,
    "categories": [
     "no",
     "yes"
    ],
    "missing_allowed": true,
    "unit": null,
    "sensitive": false
   }
  ],
  "task": "binary"
 },
 "findings": [],
 "associations": [],
 "fingerprint": "",
 "source": "",
 "duplicates": null,
 "created": "",
 "duplicates_error": 0,
 "state": {}
}
