{
 "noun": "profile",
 "format_version": 1,
 "rows": 200,
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
    "minimum": 986.0067483195696,
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
 "created": ""
}
