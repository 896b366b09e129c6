{
 "noun": "profile",
 "format_version": 2,
 "rows": 240,
 "columns": [
  {
   "name": "x",
   "kind": "number",
   "role": "feature",
   "count": 240,
   "missing": 0,
   "distinct": 231,
   "distinct_exact": true,
   "distinct_error": 0.0,
   "minimum": -3.106,
   "maximum": 3.066,
   "mean": -0.02247916666666667,
   "sd": 1.0112054199013158,
   "skew": -0.06412425847198748,
   "kurtosis": -0.09429449825445585,
   "zeros": 0,
   "negatives": 124,
   "infinities": 0,
   "quantiles": {
    "0.01": -2.3494,
    "0.05": -1.4929000000000001,
    "0.25": -0.66425,
    "0.5": -0.032,
    "0.75": 0.6795000000000001,
    "0.95": 1.5834,
    "0.99": 1.985619999999999
   },
   "rank_error": 0.0,
   "histogram": {
    "edges": [
     -3.106,
     -2.7973999999999997,
     -2.4888,
     -2.1802,
     -1.8716,
     -1.563,
     -1.2544,
     -0.9458000000000002,
     -0.6372,
     -0.3285999999999998,
     -0.020000000000000018,
     0.28859999999999975,
     0.5972,
     0.9058000000000002,
     1.2143999999999995,
     1.5229999999999997,
     1.8316,
     2.1402,
     2.4488000000000003,
     2.7573999999999996,
     3.066
    ],
    "counts": [
     1.0,
     0.0,
     5.0,
     4.0,
     2.0,
     18.0,
     15.0,
     20.0,
     27.0,
     28.0,
     26.0,
     26.0,
     21.0,
     17.0,
     16.0,
     10.0,
     2.0,
     1.0,
     0.0,
     1.0
    ]
   },
   "top": [
    [
     "-1.043",
     2
    ],
    [
     "-0.662",
     2
    ],
    [
     "-0.586",
     2
    ],
    [
     "-0.472",
     2
    ],
    [
     "-0.152",
     2
    ],
    [
     "0.371",
     2
    ],
    [
     "0.613",
     2
    ],
    [
     "0.844",
     2
    ],
    [
     "0.917",
     2
    ],
    [
     "-3.106",
     1
    ],
    [
     "-2.398",
     1
    ],
    [
     "-2.365",
     1
    ],
    [
     "-2.325",
     1
    ],
    [
     "-2.25",
     1
    ],
    [
     "-2.204",
     1
    ],
    [
     "-2.017",
     1
    ],
    [
     "-1.944",
     1
    ],
    [
     "-1.935",
     1
    ],
    [
     "-1.902",
     1
    ],
    [
     "-1.769",
     1
    ],
    [
     "-1.605",
     1
    ],
    [
     "-1.487",
     1
    ],
    [
     "-1.485",
     1
    ],
    [
     "-1.474",
     1
    ],
    [
     "-1.473",
     1
    ],
    [
     "-1.427",
     1
    ],
    [
     "-1.423",
     1
    ],
    [
     "-1.402",
     1
    ],
    [
     "-1.341",
     1
    ],
    [
     "-1.32",
     1
    ],
    [
     "-1.308",
     1
    ],
    [
     "-1.293",
     1
    ],
    [
     "-1.288",
     1
    ],
    [
     "-1.283",
     1
    ],
    [
     "-1.28",
     1
    ],
    [
     "-1.278",
     1
    ],
    [
     "-1.265",
     1
    ],
    [
     "-1.259",
     1
    ],
    [
     "-1.256",
     1
    ],
    [
     "-1.246",
     1
    ],
    [
     "-1.208",
     1
    ],
    [
     "-1.186",
     1
    ],
    [
     "-1.184",
     1
    ],
    [
     "-1.182",
     1
    ],
    [
     "-1.17",
     1
    ],
    [
     "-1.142",
     1
    ],
    [
     "-1.091",
     1
    ],
    [
     "-1.074",
     1
    ],
    [
     "-1.03",
     1
    ],
    [
     "-1.01",
     1
    ]
   ],
   "top_error": 0,
   "shortest": null,
   "longest": null,
   "mean_length": null,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 240,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "infinities": 0,
    "zeros": 0,
    "negatives": 124,
    "minimum": -3.106,
    "maximum": 3.066,
    "moments": [
     240.0,
     -0.02247916666666667,
     244.38619989583333,
     -15.714629216245651,
     717.3827766991772
    ],
    "whole": false,
    "kll": null,
    "distinct": 231,
    "top": [
     [
      -1.043,
      2
     ],
     [
      -0.662,
      2
     ],
     [
      -0.586,
      2
     ],
     [
      -0.472,
      2
     ],
     [
      -0.152,
      2
     ],
     [
      0.371,
      2
     ],
     [
      0.613,
      2
     ],
     [
      0.844,
      2
     ],
     [
      0.917,
      2
     ],
     [
      -3.106,
      1
     ],
     [
      -2.398,
      1
     ],
     [
      -2.365,
      1
     ],
     [
      -2.325,
      1
     ],
     [
      -2.25,
      1
     ],
     [
      -2.204,
      1
     ],
     [
      -2.017,
      1
     ],
     [
      -1.944,
      1
     ],
     [
      -1.935,
      1
     ],
     [
      -1.902,
      1
     ],
     [
      -1.769,
      1
     ],
     [
      -1.605,
      1
     ],
     [
      -1.487,
      1
     ],
     [
      -1.485,
      1
     ],
     [
      -1.474,
      1
     ],
     [
      -1.473,
      1
     ],
     [
      -1.427,
      1
     ],
     [
      -1.423,
      1
     ],
     [
      -1.402,
      1
     ],
     [
      -1.341,
      1
     ],
     [
      -1.32,
      1
     ],
     [
      -1.308,
      1
     ],
     [
      -1.293,
      1
     ],
     [
      -1.288,
      1
     ],
     [
      -1.283,
      1
     ],
     [
      -1.28,
      1
     ],
     [
      -1.278,
      1
     ],
     [
      -1.265,
      1
     ],
     [
      -1.259,
      1
     ],
     [
      -1.256,
      1
     ],
     [
      -1.246,
      1
     ],
     [
      -1.208,
      1
     ],
     [
      -1.186,
      1
     ],
     [
      -1.184,
      1
     ],
     [
      -1.182,
      1
     ],
     [
      -1.17,
      1
     ],
     [
      -1.142,
      1
     ],
     [
      -1.091,
      1
     ],
     [
      -1.074,
      1
     ],
     [
      -1.03,
      1
     ],
     [
      -1.01,
      1
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      -1.043,
      2
     ],
     [
      -0.662,
      2
     ],
     [
      -0.586,
      2
     ],
     [
      -0.472,
      2
     ],
     [
      -0.152,
      2
     ],
     [
      0.371,
      2
     ],
     [
      0.613,
      2
     ],
     [
      0.844,
      2
     ],
     [
      0.917,
      2
     ],
     [
      -3.106,
      1
     ],
     [
      -2.398,
      1
     ],
     [
      -2.365,
      1
     ],
     [
      -2.325,
      1
     ],
     [
      -2.25,
      1
     ],
     [
      -2.204,
      1
     ],
     [
      -2.017,
      1
     ],
     [
      -1.944,
      1
     ],
     [
      -1.935,
      1
     ],
     [
      -1.902,
      1
     ],
     [
      -1.769,
      1
     ],
     [
      -1.605,
      1
     ],
     [
      -1.487,
      1
     ],
     [
      -1.485,
      1
     ],
     [
      -1.474,
      1
     ],
     [
      -1.473,
      1
     ],
     [
      -1.427,
      1
     ],
     [
      -1.423,
      1
     ],
     [
      -1.402,
      1
     ],
     [
      -1.341,
      1
     ],
     [
      -1.32,
      1
     ],
     [
      -1.308,
      1
     ],
     [
      -1.293,
      1
     ],
     [
      -1.288,
      1
     ],
     [
      -1.283,
      1
     ],
     [
      -1.28,
      1
     ],
     [
      -1.278,
      1
     ],
     [
      -1.265,
      1
     ],
     [
      -1.259,
      1
     ],
     [
      -1.256,
      1
     ],
     [
      -1.246,
      1
     ],
     [
      -1.208,
      1
     ],
     [
      -1.186,
      1
     ],
     [
      -1.184,
      1
     ],
     [
      -1.182,
      1
     ],
     [
      -1.17,
      1
     ],
     [
      -1.142,
      1
     ],
     [
      -1.091,
      1
     ],
     [
      -1.074,
      1
     ],
     [
      -1.03,
      1
     ],
     [
      -1.01,
      1
     ],
     [
      -1.005,
      1
     ],
     [
      -0.964,
      1
     ],
     [
      -0.922,
      1
     ],
     [
      -0.868,
      1
     ],
     [
      -0.85,
      1
     ],
     [
      -0.804,
      1
     ],
     [
      -0.787,
      1
     ],
     [
      -0.77,
      1
     ],
     [
      -0.758,
      1
     ],
     [
      -0.755,
      1
     ],
     [
      -0.743,
      1
     ],
     [
      -0.735,
      1
     ],
     [
      -0.732,
      1
     ],
     [
      -0.713,
      1
     ],
     [
      -0.704,
      1
     ],
     [
      -0.7,
      1
     ],
     [
      -0.665,
      1
     ],
     [
      -0.664,
      1
     ],
     [
      -0.654,
      1
     ],
     [
      -0.649,
      1
     ],
     [
      -0.633,
      1
     ],
     [
      -0.623,
      1
     ],
     [
      -0.618,
      1
     ],
     [
      -0.613,
      1
     ],
     [
      -0.582,
      1
     ],
     [
      -0.569,
      1
     ],
     [
      -0.561,
      1
     ],
     [
      -0.544,
      1
     ],
     [
      -0.536,
      1
     ],
     [
      -0.53,
      1
     ],
     [
      -0.511,
      1
     ],
     [
      -0.5,
      1
     ],
     [
      -0.496,
      1
     ],
     [
      -0.477,
      1
     ],
     [
      -0.476,
      1
     ],
     [
      -0.474,
      1
     ],
     [
      -0.473,
      1
     ],
     [
      -0.458,
      1
     ],
     [
      -0.437,
      1
     ],
     [
      -0.436,
      1
     ],
     [
      -0.433,
      1
     ],
     [
      -0.378,
      1
     ],
     [
      -0.359,
      1
     ],
     [
      -0.316,
      1
     ],
     [
      -0.314,
      1
     ],
     [
      -0.298,
      1
     ],
     [
      -0.289,
      1
     ],
     [
      -0.287,
      1
     ],
     [
      -0.283,
      1
     ],
     [
      -0.259,
      1
     ],
     [
      -0.24,
      1
     ],
     [
      -0.236,
      1
     ],
     [
      -0.219,
      1
     ],
     [
      -0.209,
      1
     ],
     [
      -0.205,
      1
     ],
     [
      -0.2,
      1
     ],
     [
      -0.196,
      1
     ],
     [
      -0.164,
      1
     ],
     [
      -0.159,
      1
     ],
     [
      -0.135,
      1
     ],
     [
      -0.132,
      1
     ],
     [
      -0.13,
      1
     ],
     [
      -0.129,
      1
     ],
     [
      -0.109,
      1
     ],
     [
      -0.106,
      1
     ],
     [
      -0.077,
      1
     ],
     [
      -0.076,
      1
     ],
     [
      -0.051,
      1
     ],
     [
      -0.05,
      1
     ],
     [
      -0.014,
      1
     ],
     [
      -0.012,
      1
     ],
     [
      -0.007,
      1
     ],
     [
      -0.004,
      1
     ],
     [
      0.041,
      1
     ],
     [
      0.048,
      1
     ],
     [
      0.049,
      1
     ],
     [
      0.052,
      1
     ],
     [
      0.076,
      1
     ],
     [
      0.083,
      1
     ],
     [
      0.087,
      1
     ],
     [
      0.094,
      1
     ],
     [
      0.105,
      1
     ],
     [
      0.109,
      1
     ],
     [
      0.126,
      1
     ],
     [
      0.136,
      1
     ],
     [
      0.161,
      1
     ],
     [
      0.163,
      1
     ],
     [
      0.189,
      1
     ],
     [
      0.202,
      1
     ],
     [
      0.215,
      1
     ],
     [
      0.22,
      1
     ],
     [
      0.25,
      1
     ],
     [
      0.258,
      1
     ],
     [
      0.264,
      1
     ],
     [
      0.268,
      1
     ],
     [
      0.301,
      1
     ],
     [
      0.319,
      1
     ],
     [
      0.329,
      1
     ],
     [
      0.34,
      1
     ],
     [
      0.351,
      1
     ],
     [
      0.352,
      1
     ],
     [
      0.355,
      1
     ],
     [
      0.357,
      1
     ],
     [
      0.359,
      1
     ],
     [
      0.362,
      1
     ],
     [
      0.383,
      1
     ],
     [
      0.386,
      1
     ],
     [
      0.395,
      1
     ],
     [
      0.412,
      1
     ],
     [
      0.424,
      1
     ],
     [
      0.43,
      1
     ],
     [
      0.503,
      1
     ],
     [
      0.513,
      1
     ],
     [
      0.52,
      1
     ],
     [
      0.541,
      1
     ],
     [
      0.566,
      1
     ],
     [
      0.58,
      1
     ],
     [
      0.581,
      1
     ],
     [
      0.586,
      1
     ],
     [
      0.621,
      1
     ],
     [
      0.63,
      1
     ],
     [
      0.633,
      1
     ],
     [
      0.64,
      1
     ],
     [
      0.656,
      1
     ],
     [
      0.678,
      1
     ],
     [
      0.684,
      1
     ],
     [
      0.694,
      1
     ],
     [
      0.696,
      1
     ],
     [
      0.726,
      1
     ],
     [
      0.729,
      1
     ],
     [
      0.781,
      1
     ],
     [
      0.784,
      1
     ],
     [
      0.788,
      1
     ],
     [
      0.806,
      1
     ],
     [
      0.873,
      1
     ],
     [
      0.903,
      1
     ],
     [
      0.935,
      1
     ],
     [
      0.947,
      1
     ],
     [
      0.99,
      1
     ],
     [
      1.002,
      1
     ],
     [
      1.004,
      1
     ],
     [
      1.029,
      1
     ],
     [
      1.031,
      1
     ],
     [
      1.042,
      1
     ],
     [
      1.043,
      1
     ],
     [
      1.067,
      1
     ],
     [
      1.08,
      1
     ],
     [
      1.087,
      1
     ],
     [
      1.15,
      1
     ],
     [
      1.165,
      1
     ],
     [
      1.204,
      1
     ],
     [
      1.229,
      1
     ],
     [
      1.295,
      1
     ],
     [
      1.304,
      1
     ],
     [
      1.315,
      1
     ],
     [
      1.32,
      1
     ],
     [
      1.322,
      1
     ],
     [
      1.346,
      1
     ],
     [
      1.36,
      1
     ],
     [
      1.366,
      1
     ],
     [
      1.378,
      1
     ],
     [
      1.389,
      1
     ],
     [
      1.402,
      1
     ],
     [
      1.421,
      1
     ],
     [
      1.458,
      1
     ],
     [
      1.493,
      1
     ],
     [
      1.514,
      1
     ],
     [
      1.574,
      1
     ],
     [
      1.583,
      1
     ],
     [
      1.591,
      1
     ],
     [
      1.643,
      1
     ],
     [
      1.647,
      1
     ],
     [
      1.689,
      1
     ],
     [
      1.739,
      1
     ],
     [
      1.802,
      1
     ],
     [
      1.816,
      1
     ],
     [
      1.822,
      1
     ],
     [
      1.96,
      1
     ],
     [
      2.002,
      1
     ],
     [
      2.31,
      1
     ],
     [
      3.066,
      1
     ]
    ],
    "hll": null,
    "buckets": null
   }
  },
  {
   "name": "city",
   "kind": "category",
   "role": "feature",
   "count": 240,
   "missing": 0,
   "distinct": 2,
   "distinct_exact": true,
   "distinct_error": 0.0,
   "minimum": null,
   "maximum": null,
   "mean": null,
   "sd": null,
   "skew": null,
   "kurtosis": null,
   "zeros": 0,
   "negatives": 0,
   "infinities": 0,
   "quantiles": {},
   "rank_error": 0.0,
   "histogram": null,
   "top": [
    [
     "Bonn",
     123
    ],
    [
     "Ulm",
     117
    ]
   ],
   "top_error": 0,
   "shortest": 3,
   "longest": 4,
   "mean_length": 3.5125,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 240,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "shortest": 3,
    "longest": 4,
    "characters": 843,
    "distinct": 2,
    "top": [
     [
      "Bonn",
      123
     ],
     [
      "Ulm",
      117
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      "Bonn",
      123
     ],
     [
      "Ulm",
      117
     ]
    ],
    "hll": null,
    "kll": null,
    "buckets": null
   }
  },
  {
   "name": "prediction",
   "kind": "number",
   "role": "feature",
   "count": 48,
   "missing": 0,
   "distinct": 11,
   "distinct_exact": true,
   "distinct_error": 0.0,
   "minimum": 0.0,
   "maximum": 1.0,
   "mean": 0.5738012787254082,
   "sd": 0.35552262217408176,
   "skew": -0.3560882480373613,
   "kurtosis": -1.3251211526658602,
   "zeros": 7,
   "negatives": 0,
   "infinities": 0,
   "quantiles": {
    "0.01": 0.0,
    "0.05": 0.0,
    "0.25": 0.4166666666666667,
    "0.5": 0.5892857142857143,
    "0.75": 0.9411764705882353,
    "0.95": 1.0,
    "0.99": 1.0
   },
   "rank_error": 0.0,
   "histogram": {
    "edges": [
     0.0,
     0.05,
     0.1,
     0.15000000000000002,
     0.2,
     0.25,
     0.30000000000000004,
     0.35000000000000003,
     0.4,
     0.45,
     0.5,
     0.55,
     0.6000000000000001,
     0.65,
     0.7000000000000001,
     0.75,
     0.8,
     0.8500000000000001,
     0.9,
     0.9500000000000001,
     1.0
    ],
    "counts": [
     7.0,
     1.0,
     0.0,
     3.0,
     0.0,
     0.0,
     0.0,
     0.0,
     13.0,
     0.0,
     0.0,
     0.0,
     0.0,
     0.0,
     0.0,
     5.0,
     0.0,
     6.0,
     9.0,
     4.0
    ]
   },
   "top": [
    [
     "0.416666666666667",
     10
    ],
    [
     "0.941176470588235",
     9
    ],
    [
     "0",
     7
    ],
    [
     "0.75",
     5
    ],
    [
     "0.875",
     5
    ],
    [
     "1",
     4
    ],
    [
     "0.181818181818182",
     3
    ],
    [
     "0.428571428571429",
     2
    ],
    [
     "0.0909090909090909",
     1
    ],
    [
     "0.427839587564575",
     1
    ],
    [
     "0.858860395787741",
     1
    ]
   ],
   "top_error": 0,
   "shortest": null,
   "longest": null,
   "mean_length": null,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 48,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "infinities": 0,
    "zeros": 7,
    "negatives": 0,
    "minimum": 0.0,
    "maximum": 1.0,
    "moments": [
     48.0,
     0.5738012787254082,
     5.940627739244141,
     -0.7207320159142356,
     1.2399627413978256
    ],
    "whole": false,
    "kll": null,
    "distinct": 11,
    "top": [
     [
      0.4166666666666667,
      10
     ],
     [
      0.9411764705882353,
      9
     ],
     [
      0.0,
      7
     ],
     [
      0.75,
      5
     ],
     [
      0.875,
      5
     ],
     [
      1.0,
      4
     ],
     [
      0.18181818181818182,
      3
     ],
     [
      0.42857142857142855,
      2
     ],
     [
      0.09090909090909091,
      1
     ],
     [
      0.4278395875645753,
      1
     ],
     [
      0.8588603957877412,
      1
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      0.4166666666666667,
      10
     ],
     [
      0.9411764705882353,
      9
     ],
     [
      0.0,
      7
     ],
     [
      0.75,
      5
     ],
     [
      0.875,
      5
     ],
     [
      1.0,
      4
     ],
     [
      0.18181818181818182,
      3
     ],
     [
      0.42857142857142855,
      2
     ],
     [
      0.09090909090909091,
      1
     ],
     [
      0.4278395875645753,
      1
     ],
     [
      0.8588603957877412,
      1
     ]
    ],
    "hll": null,
    "buckets": null
   }
  }
 ],
 "contract": {
  "columns": [
   {
    "name": "x",
    "kind": "number",
    "role": "feature",
    "minimum": -3.106,
    "maximum": 3.066,
    "categories": null,
    "missing_allowed": false,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   },
   {
    "name": "city",
    "kind": "category",
    "role": "feature",
    "minimum": null,
    "maximum": null,
    "categories": [
     "Bonn",
     "Ulm"
    ],
    "missing_allowed": false,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
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
    "sensitive": false,
    "reason": null,
    "form": {}
   }
  ],
  "task": "binary"
 },
 "findings": [],
 "associations": [
  {
   "a": "bought",
   "b": "x",
   "measure": "correlation_ratio",
   "value": 0.649,
   "error": 0.0
  },
  {
   "a": "city",
   "b": "bought",
   "measure": "cramers_v",
   "value": 0.3497,
   "error": 0.0
  }
 ],
 "fingerprint": "9a8743306c674cd24fa2bf627afb31363464c91b549a7a1db9ed50243d384717",
 "source": "memory",
 "duplicates": 4,
 "created": "2026-11-30T01:17:49+00:00",
 "duplicates_error": 0,
 "pairs_left_out": 0,
 "state": {
  "kinds": {
   "x": "number",
   "city": "category",
   "bought": "category"
  },
  "sums": {
   "names": [
    "x"
   ],
   "shift": "09uyVscEl78=",
   "n": "AAAAAAAAbkA=",
   "x": "AAAAAAAA4Lw=",
   "xx": "VEriv1uMbkA=",
   "xy": "VEriv1uMbkA="
  },
  "gaps": {
   "names": [
    "x",
    "city",
    "bought"
   ],
   "both": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
  },
  "hashes": {
   "level": 0,
   "hashes": "9yjUSitnHgNs+M3ff2Lps1V/EyIdk9Qz6KRK3OJ+WqvR8uZai9JCsYpBB35xH2QbyVDxTFrLtEa0rPB5dIRJskWvle7F2xCUWrETBoBg7mVBioMyBhV6TLeeCR4oO7U/OZmOfoEuSQwYl7hd+Nm4aX9PB5LAKfnaYHd7DlzrlLi0yRZFqBZJkn8sbNrUi2/3Wq5924ECYYsbWE+Ik/LZwTSOD2MKsW+U1gtQorBU/Fs9NXAjn+SpJNlLS61YrPiAN5rwfPksQXtRbxUOMJgMDpNYzNmJf8d4bhkcrCsp09e7hQ2pcF3rOjWfQ/6+Fx677cWVopaaSujkRwxEXTsUg0b20/+VYnktZmkj3YCtAxFKewlwFQVQPcnfMdxYaME4F9ObNSS4aae6GtbxmeL1+9pmrGKkUUSoEjicRGKpU1D7sm6l0xLlN13IJnymgkRCzQ9XMdlGJ+BkpbiYB78EtZin4T/pUTfbW7tRj+8z7IgYG5YWAzig2NtUL6wLWAuBM4F84nb7LNSWBT6twEjl0MUIM6V1F4oOm6A94c/dtkMxVQGH+OiN3DDfTt+J5h5bQ8rpMy2Zl5b1L1gB9U9k4fJUKUvQv2VriJO6c+7qt3ZM3vMWNHnXo/Ht5LpIcGp1dza4aCfWuW1tnCmdM/9vPIXeDns5/AKj9FULgpYykTjf1PWN+LKAW9PcWRhmmBLSfXJHRDxwXwMAEvAOcv/c4u95Pl7oQr2tG3j2BKvRl3POlYN5L59HFHaVKGaa4poJnBlEiWbeOOj7S5XtSFvrrxdGU9jon8c0LdhvWzcSjXNQ5+1Fa2YM0tgZN81UeP2AJ5rkDxy674a0CoHpJalYlUMaSwj1mZI7CI+tQ0+AvlbQWZ37QZc9gpJ8caGt+XFRV4KtjykfCKHeXL/DiimG8CgPO5GWjAldiUGlJmZZJVf/mmCEtZGzXiFA6k1Tr3nvN6vuwe2bHwmbhbXy5W0tnX2y67Axcnrm4gY/qr950ZDa5WUTvPg9zxPPlMTGqCvDvjUSQT4wYmnJkYKZJTIp5XzCoP85I/Fhr4oBpZnwY1FP9Fgc3GtuTC6EGW/hYvTui0H8efnUhXtKilkx+ENttcGWC1If73KFjAjVUGHR9soTk8RXEjR0ePS04vd7/Ue7/JbS3chVhdE9GFrJvFq832WU3Nk4P5Ld59HS8tOrtTEHJ4JLoaSg7buukzl2lMbgGyaxlHLFP4YI58hv8dN/GrOvCQQtCSlxOO3EE5/yHCKd7Zs8jqUpwplKlEKyG9c0/YYDjgRcF6I2Yb6HWu8xjZ6gSq6iExbhWXxIYf/3iMZ+PG1HEevWfzPXM+9WQhdEGUpUgAUPJbWWH9tvSteJYFFq+I44JpNBiSexxnkj7JDSXpvT1ADhfGKiOvVAT9zp/wk6r1P12lkNyiG7Ypc8XHbVTe/lp+Gp/HU3lLM127sfBY1YXv9WgfP4m8UF7okQ23UFBMlOiE3DvpglrMr0MzhWIvoxUwqLqEGlPXf8vaxsxe/bKAmRWL4ZW8yIY4vFWxEoD5zqSsi7+RDA/MUSLPfOQnzD5UGCQW8WNa1oZs/dozdothzoUMQ4Z5YQQlO3C/iaiGVA2b4XlaVkiKvJptcBHCp5SRUHGQe8bNRk21Zy9NLsuZUkI/zjL5WvGtl/ccNN90yy/slqVe88jFvJZkRhBac22Q1Mkamq8VpCOaK2hyNR9tzDDJ1dCL281/EU0mXINeXg4Mhu4tQ2Iu/RgftVZyDhvkjFc6jyPxSHzuVouJSB+51DK0+GqhiaLJ54ncFGcJwRV6Cjml71JTN9RbLpHlMk020wTbeH2MwYo/ejml71JTN9RWzF79soCZFYZO8L4saDSX593D5p6Q8I2ZhkjjNuhW7KZ7AmZRzwhvyJDhvAwwwPKcSU775b5se8V3oXIR+CTarSXpvT1ADhfGTvC+LGg0l+dlkKTFXr70VfjSihI6zJ55p8KNOHzpO/PuqqC651/mfPQycNAtSM3loAwr4nYb7ItVBd68lGNzw264WhvIyEhvQ51LZvhvwlqilGJEQGFFGbXSjPXaWBIA0XiY53Hfm3bwHh9rd1AHq3lZKxoI51+dEkV8M28n69FxsCM/2wyhoMGGDySV9niEksqh3HufuimBQNKzX8HD9RRV9czHlTbkeouU7qwztpAPawRkxcF9bN7WbvcIxrwOJDy0fVkAY9uOgaq/2ViOz6XP9PtmTofSxUpCLpzS6DDqr+zLlO9IqxlvjTgjYX+RppkRbPXY0E8twdOFYoM9Ey48wocE1x8gWtAmXMAG2JoMBYPIq6anylMONQAwrEHJmo7pldHDUx+BYA+J0dAP8JEj1NoSbreBneQYEPZy9PHqS5oDkGBQh0XQYcBghClvqzP7x3tWTudGKAOfNO1o6FmuXBcMh/g9zVR/QLBqo18skqJqWkkqXQRsIp3OPVbUTh9NenIHgaddX9rGfIQ2bCcExpvku8MuCXPr+ufryUVGLVBCpZ/k+F3pKaa8RJ6os7l3qC5tckAxnDqk/0jqgAfMBWLx0bagQ2JnXGmV/3"
  },
  "hashed_by": "polars 2.1.0",
  "checksums": {
   "x": "8257e2d8667c1445",
   "city": "069a448745372d78",
   "bought": "187d4d218bab6653"
  },
  "sample": {
   "at": "AAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAAAABgAAAAAAAAAHAAAAAAAAAAgAAAAAAAAACQAAAAAAAAAKAAAAAAAAAAsAAAAAAAAADAAAAAAAAAANAAAAAAAAAA4AAAAAAAAADwAAAAAAAAAQAAAAAAAAABEAAAAAAAAAEgAAAAAAAAATAAAAAAAAABQAAAAAAAAAFQAAAAAAAAAWAAAAAAAAABcAAAAAAAAAGAAAAAAAAAAZAAAAAAAAABoAAAAAAAAAGwAAAAAAAAAcAAAAAAAAAB0AAAAAAAAAHgAAAAAAAAAfAAAAAAAAACAAAAAAAAAAIQAAAAAAAAAiAAAAAAAAACMAAAAAAAAAJAAAAAAAAAAlAAAAAAAAACYAAAAAAAAAJwAAAAAAAAAoAAAAAAAAACkAAAAAAAAAKgAAAAAAAAArAAAAAAAAACwAAAAAAAAALQAAAAAAAAAuAAAAAAAAAC8AAAAAAAAAMAAAAAAAAAAxAAAAAAAAADIAAAAAAAAAMwAAAAAAAAA0AAAAAAAAADUAAAAAAAAANgAAAAAAAAA3AAAAAAAAADgAAAAAAAAAOQAAAAAAAAA6AAAAAAAAADsAAAAAAAAAPAAAAAAAAAA9AAAAAAAAAD4AAAAAAAAAPwAAAAAAAABAAAAAAAAAAEEAAAAAAAAAQgAAAAAAAABDAAAAAAAAAEQAAAAAAAAARQAAAAAAAABGAAAAAAAAAEcAAAAAAAAASAAAAAAAAABJAAAAAAAAAEoAAAAAAAAASwAAAAAAAABMAAAAAAAAAE0AAAAAAAAATgAAAAAAAABPAAAAAAAAAFAAAAAAAAAAUQAAAAAAAABSAAAAAAAAAFMAAAAAAAAAVAAAAAAAAABVAAAAAAAAAFYAAAAAAAAAVwAAAAAAAABYAAAAAAAAAFkAAAAAAAAAWgAAAAAAAABbAAAAAAAAAFwAAAAAAAAAXQAAAAAAAABeAAAAAAAAAF8AAAAAAAAAYAAAAAAAAABhAAAAAAAAAGIAAAAAAAAAYwAAAAAAAABkAAAAAAAAAGUAAAAAAAAAZgAAAAAAAABnAAAAAAAAAGgAAAAAAAAAaQAAAAAAAABqAAAAAAAAAGsAAAAAAAAAbAAAAAAAAABtAAAAAAAAAG4AAAAAAAAAbwAAAAAAAABwAAAAAAAAAHEAAAAAAAAAcgAAAAAAAABzAAAAAAAAAHQAAAAAAAAAdQAAAAAAAAB2AAAAAAAAAHcAAAAAAAAAeAAAAAAAAAB5AAAAAAAAAHoAAAAAAAAAewAAAAAAAAB8AAAAAAAAAH0AAAAAAAAAfgAAAAAAAAB/AAAAAAAAAIAAAAAAAAAAgQAAAAAAAACCAAAAAAAAAIMAAAAAAAAAhAAAAAAAAACFAAAAAAAAAIYAAAAAAAAAhwAAAAAAAACIAAAAAAAAAIkAAAAAAAAAigAAAAAAAACLAAAAAAAAAIwAAAAAAAAAjQAAAAAAAACOAAAAAAAAAI8AAAAAAAAAkAAAAAAAAACRAAAAAAAAAJIAAAAAAAAAkwAAAAAAAACUAAAAAAAAAJUAAAAAAAAAlgAAAAAAAACXAAAAAAAAAJgAAAAAAAAAmQAAAAAAAACaAAAAAAAAAJsAAAAAAAAAnAAAAAAAAACdAAAAAAAAAJ4AAAAAAAAAnwAAAAAAAACgAAAAAAAAAKEAAAAAAAAAogAAAAAAAACjAAAAAAAAAKQAAAAAAAAApQAAAAAAAACmAAAAAAAAAKcAAAAAAAAAqAAAAAAAAACpAAAAAAAAAKoAAAAAAAAAqwAAAAAAAACsAAAAAAAAAK0AAAAAAAAArgAAAAAAAACvAAAAAAAAALAAAAAAAAAAsQAAAAAAAACyAAAAAAAAALMAAAAAAAAAtAAAAAAAAAC1AAAAAAAAALYAAAAAAAAAtwAAAAAAAAC4AAAAAAAAALkAAAAAAAAAugAAAAAAAAC7AAAAAAAAALwAAAAAAAAAvQAAAAAAAAC+AAAAAAAAAL8AAAAAAAAAwAAAAAAAAADBAAAAAAAAAMIAAAAAAAAAwwAAAAAAAADEAAAAAAAAAMUAAAAAAAAAxgAAAAAAAADHAAAAAAAAAMgAAAAAAAAAyQAAAAAAAADKAAAAAAAAAMsAAAAAAAAAzAAAAAAAAADNAAAAAAAAAM4AAAAAAAAAzwAAAAAAAADQAAAAAAAAANEAAAAAAAAA0gAAAAAAAADTAAAAAAAAANQAAAAAAAAA1QAAAAAAAADWAAAAAAAAANcAAAAAAAAA2AAAAAAAAADZAAAAAAAAANoAAAAAAAAA2wAAAAAAAADcAAAAAAAAAN0AAAAAAAAA3gAAAAAAAADfAAAAAAAAAOAAAAAAAAAA4QAAAAAAAADiAAAAAAAAAOMAAAAAAAAA5AAAAAAAAADlAAAAAAAAAOYAAAAAAAAA5wAAAAAAAADoAAAAAAAAAOkAAAAAAAAA6gAAAAAAAADrAAAAAAAAAOwAAAAAAAAA7QAAAAAAAADuAAAAAAAAAO8AAAAAAAAA",
   "priority": "UDj7ef1h5D90tiB+L0TRP9CbnVJ7+qQ/wAtN2J7skD/KmwVPTwbqPwPINC9LNe0/th0wbo9p4z9TEP8rCVjnP4879DxgZeE/1+rxAB3s7T8G4KjpeBvqPwDSdxUNb2Y/3pzsF9tv6z8gzxvnIDKhP/p5+GBWWec/kFzsJOJ7xj9v20JnKZ/rPw+1IHumU+E/RCUFyHou0z+0yd6zTg3bP4DqnPXU/5w/yF4BYAfRvz/dQyBVwXXlP9zRUMfGteQ/zDsIHjyx4z9G5vBMLI7YP96/rs8k6e8/eMLZygBj7z8OJWy+9e/lPzhn3viP0OQ/1OMacMEH5j9aDi2vFuTYPxwFcJ/XSsE/YIYyt24W5z8tDjves8/gP9IGWL0A29M/whFbMO0X3z+WANcwr3bsP5RVQjqv4+0/iAEi0x3m1j8Uh3Xt+EniP3ZLEBOCmdQ/OgY3f4EE4z9kSKBnVqDVP6Su8CNJENk/aYBKoyB97D9cyKEBgBPNP4Datiom8eM/iG0MkQeCtT+FEexWBaXqP73TLMroL+k/9IGobKijzj+DVVmoKAzsP/CZKCSh/K0/+vWqIfGC1T9QbcmJWzzDP+gK9zRc0tw/yaM8CX176T+oSFoUr4XNP3C1iDWJoqo/bHxkZi3k2T8Ikv8c4GjJP3BP8nKXO7c/B/FTORWS4j9QiHli1h3TP8zd/Gb7gOU/hPhx2biJyT+FQ9hkyiXuPzQcAwr3Xdc/gPKiF70Buz9wUhBrpyHkP5VyeAZAq+0/kDpaqSMv3D+8LO9cAYzuPziHzAJL/t8/dDBDH/I22z8BQJ7hydjjPwEwS6DU1+8/+lEzIL9d7j+UCwErYXHdP/O3OpBQP+g/UhRaAMbV3z+fci0OIPDgPy9exw0oJek/LvkEsLiJ2j8BBQmx44DnPzf6d7WuweY/P5X91W7T7T8oRS+dOWy9P0s8xIIXVOc/4wxf8nSt7T87YlVYQPnuPwBZ+NZWHo4/ydDjivCi6z+uogIk82XvP9p5Gj53oe4/DB+u+7IKwz8nilB2xh/vP0jAayFaeuw/WUjM6uJQ6j9ssc5EH7jePxjWKVVlvs0/4pCcdQGp6T8QeCQfj43tP2Yk/kNHCNE/SKXtXvM+4T/UDSr2D1bcP6LChNPkyu0/gFFi59G9pD/LDtpBmGznP17dZRXyqOM/YLYBbs8LnT9BrV0v2QPnPyCqPc0iYJA/v+vidSJB6D9kx2T7hGjgPzDCXMY4u+0/8JZEUsjqsD8B1i83EuzqP1Dpn66YErE/ZpypuCwJ1j9Mek6xA4rbPwHyWwb76e4/hYPkoc394T9mvHDMPJHQP3TmItQ6784/MrXGHHdr7D/I+xsYSunMPwgdIDTR4r8/btLx2AJ00j/JqVkohcHiPwh4OwEcu+E/CnS4kibp6T/984FDa+/hPwYZ3UB+ddI/1PQcyORs2j8Jvc8HDC7qP3Nq2kdXDOQ/rbq2mMOw7j8ewyhmUqTXP3igolX+ruE/MGjHU20B4z+Y0qCaMyXrP2DneHzgnsI/+Gx07kME2j94VaFBYh7tP2C/4fvcDKY/1vzyHpxT6j/ujPLtppXaP3CEWxbBjeo/gCroiA5jhD/sikaP6lzXP4AUHB4ZIbQ/vkfI9jfi5D8gjKFevobRPzJq/jEgfOY/HU3UDJ8z7j/MjGT1ijvAP7YuIYhDrOs/YNDQ1BVyrj8QgB5Ei17YP/qWWxBrgds/BhsUnE9J3z+nuk/pLT/vP+cqllN20ug/qIMArFHE0z8A9T6CAUXRP5xRMEOunus/a2+UGasz7D/CQmUrtVfgP7KtKPbwCNY/v18S6FzW7z/gI69GazjUP1wvCIYeY8c/ZLQIicMp7D/WqwjOpv7pPz/DSJpZX+U/SNyQEFOr7j/pH1ItdJ/tP47IXtim8ec/rBu0rt2K6z/gi38fgaLPPxwBSP9dFMI/llsjjCVx5T9zhYGxJ97mP3gS6Yj9YcU/ZIvrc89Q2T+Lllyz0CDtP+16Er7+9uE/Eb0WUrqB4j+IeN+QPtnIP2oHWZws1eA/NQ94L/q/4D+wek5yfMS2P8/PMBUTbO8/jSUhbd9I4j+AYCdXM0B6P+dkUdGKueg/ibr35fNN7z8x7hAcN+DiP+LPPfepddQ/SDVmuUAAyD/VlEuTVoXlP/AwyntH+cg/jBm1UWt84j96dN0Xi0XjP9VMvIMrzO4/cGsW+Pl/sj+kKaADjv/fP6jCUYSlz+c/CF0op12vxj/8hmvYFdbYPygC7lzrGbA/tLFWgWo65z8IYkXL9He2Pw5elLsuSdk/YVefu+Xz6z8eyg4xKzreP0Qy0+kyNO0/PFKEnWSC6D+Xmz15VUrtPzR2o+a9TsA/2AOYwATVsj9YRyG/5gCyP6W/ZoWnzes/d4YVIE1K5D/KED+k1MffP7QeBZz97sQ/UlQobTmP5T/q2RaaZVrUPwWXgyCHv+Y/KJGBMnZ23T9U0tduMT3gPyT89RHxROk/UJI54Cq+tz+gzYGNMIXiPwjMIaj+Psk/qYT3mkHc6T/8FH3iQEnfPyq5UGVko+8/",
   "columns": {
    "x": {
     "kind": "number",
     "values": "VOOlm8QgwD9MN4lBYOXAv3sUrkfheuQ/4XoUrkfhuj/0/dR46Sbhv166SQwCK9c/d76fGi/d9D/n+6nx0k3uP7pJDAIrh+a/PQrXo3A99L9WDi2yne/jv8uhRbbz/aQ/mpmZmZmZAsDVeOkmMQjMv1YOLbKd7/O/BoGVQ4ts57+cxCCwcmjhv9NNYhBYOdS/ke18PzVe2j/jpZvEILDwP1CNl24Sg8C/QmDl0CLb9T9I4XoUrkflv7pJDAIrh9Y/TDeJQWDl7D+q8dJNYhC4Py2yne+nxue/Gy/dJAaB7b8dWmQ730/dvylcj8L1KMw/KVyPwvUo8L+Nl24Sg8DKvycxCKwcWsS/HVpkO99P4T+F61G4HoXLP7gehetRuNY/IbByaJHt5L+kcD0K16PAv0oMAiuHFuk/F9nO91Pj9z++nxov3ST0v9NNYhBYOfg/8KfGSzeJ9T/LoUW28/3oP0w3iUFg5dA/f2q8dJMY1L+HFtnO91P3P1yPwvUoXP8/okW28/3U/D8K16NwPQr1PwwCK4cW2dY/hxbZzvdT87/8qfHSTWJwv8uhRbbz/eQ/z/dT46Wb9L9I4XoUrkfZP4XrUbgehds/EoPAyqFF5j+LbOf7qfHyv8l2vp8aL+W/gZVDi2zn27+4HoXrUbjyv23n+6nx0vs/WDm0yHa+3791kxgEVg7VP/p+arx0k9C/hxbZzvdT+T8fhetRuB71P6jGSzeJQeQ/bxKDwMqhAcA5tMh2vp+qPxfZzvdT4+U/qvHSTWIQ8D8tsp3vp8bjv/T91HjpJv0/H4XrUbge9b/Jdr6fGi/lv+xRuB6F6+0/SgwCK4cWqT9qvHSTGAQAQP7UeOkmMcg/qMZLN4lB5L/+1HjpJjHYv9v5fmq8dPG/ppvEILBy9L8pXI/C9SjkP2Q730+Nl+I/uB6F61G49D8pXI/C9Sjov6AaL90kBvs/ke18PzVe0r/Jdr6fGi/5P4PAyqFFttu/hetRuB6F578AAAAAAADQP+XQItv5fvA/z/dT46WbxD+Nl24Sg8Div9v5fmq8dPW/O99PjZdu9r9/arx0kxjgP65H4XoUru8/y6FFtvP9xL/Jdr6fGi/xv1YOLbKd7+s/exSuR+F69L83iUFg5dDmv6wcWmQ73+M/AAAAAAAAAsBOYhBYObTYPzm0yHa+n+K/gZVDi2znuz/b+X5qvHSzv0Jg5dAi28k/aJHtfD815j+oxks3iUHovyPb+X5qvPY/CKwcWmQ75z81XrpJDALrP6RwPQrXo/I/nu+nxks36T81XrpJDALrP9v5fmq8dLM/okW28/3U9r9I4XoUrkfBv6RwPQrXo+i/+FPjpZvE9r9QjZduEoPQP2iR7Xw/NeK/exSuR+F68L/jpZvEILDwv/T91HjpJtE/YOXQItv51j/0/dR46Sb1P3npJjEIrIy/eekmMQis8D8730+Nl272P2ZmZmZmZvI/7FG4HoXrAsBEi2zn+6nzP8P1KFyPwtU/iUFg5dAi2z9YObTIdr7XP1CNl24Sg9g/0SLb+X5q1D9g5dAi2/nWvzvfT42Xbv6/gZVDi2znu7/ufD81Xrrpv0jhehSuR/E/5dAi2/l+0r9zaJHtfD+1PzMzMzMzM+u/JzEIrBxa4L/6fmq8dJOIv8P1KFyPwve/3SQGgZVD0z+JQWDl0CK7v2Dl0CLb+fK/yXa+nxovA8DRItv5fmrgP99PjZduEtO/9ihcj8L14L9oke18PzXOv3WTGARWDv0/mpmZmZmZqb8Sg8DKoUW2P5huEoPAyve/JzEIrBxa+j/y0k1iEFjtP99PjZduEvE/+n5qvHSTqD/y0k1iEFjtP1g5tMh2vtc/BFYOLbKd4z/b+X5qvHTDvy/dJAaBlfe/EFg5tMh28D/2KFyPwvX+v7gehetRuM6/PQrXo3A9yr/jpZvEILDwvwRWDi2yneM/mpmZmZmZyb8rhxbZzvfbv6RwPQrXo+A/ukkMAiuH3r/TTWIQWDn2PxBYObTIdtY/vHSTGARW3r+0yHa+nxr/vyGwcmiR7fS/MQisHFpk8T/pJjEIrByqv+kmMQisHNK/fT81XrpJ+j+6SQwCK4f0v42XbhKDwOK/EoPAyqFF3r+Nl24Sg8DiP3Noke18P+W/BFYOLbKd47+uR+F6FK75v4cW2c73U+c/mG4Sg8DK6T8QWDm0yHbev3e+nxov3cQ/46WbxCCw9L9oke18PzXevz81XrpJDPY/nMQgsHJowT97FK5H4XoCQMl2vp8aL+m/j8L1KFyP4j9KDAIrhxbJv+kmMQisHOI/eekmMQisfL/ByqFFtvPhvy2yne+nxuu/ukkMAiuHCECDwMqhRbazv4lBYOXQIgDA+FPjpZvE5L8ZBFYOLbLlPwAAAAAAAOC/w/UoXI/C9T/VeOkmMQjwP9v5fmq8dMO/aJHtfD813r8UrkfhehTwv2ZmZmZmZua/xSCwcmiR97/dJAaBlUPzP9v5fmq8dPk/f2q8dJMY9L+28/3UeOnyv+f7qfHSTfy/DAIrhxbZ7r8MAiuHFtkIwBKDwMqhRfK/"
    },
    "city": {
     "kind": "category",
     "levels": [
      "Bonn",
      "Ulm"
     ],
     "values": "AQAAAAEAAAEAAAEBAAEAAAEAAQEBAQEAAAEAAAEAAAAAAQAAAAEBAQABAQAAAQABAQEBAAEAAQEBAAEAAQABAAEBAQAAAAEAAAAAAAEBAQABAAABAQAAAAABAQEAAQEBAQEAAQEAAAEBAAEAAQAAAAAAAQEBAAAAAQAAAAEAAAABAQABAQEAAAABAAAAAQEAAQEAAQAAAQABAQAAAAEBAAEBAAEAAAEBAAEAAAEBAQAAAQABAAABAAEAAAEAAAEBAQABAAAAAAABAQABAQAAAQAAAAABAQEAAAAAAQEBAQABAAEBAQEAAAEAAAEAAQEB"
    },
    "bought": {
     "kind": "category",
     "levels": [
      "yes",
      "no"
     ],
     "values": "AAAAAQAAAAABAQEAAQABAQABAAAAAAABAQABAQEBAQEBAAEBAQAAAAEAAAAAAQAAAAAAAQAAAAABAQEBAAEAAQAAAAAAAQAAAAAAAQAAAAAAAQEAAAAAAAEAAAABAAAAAAEBAQAAAAEAAQAAAQEBAQEBAAEAAAAAAAEAAQABAQEBAQEAAAABAAAAAQAAAAAAAAEBAAEAAAABAAEBAQABAQABAQAAAQABAAAAAQAAAAEBAAEBAQEAAQAAAQABAQEBAAAAAAEBAQABAAEAAAEAAQEAAAABAAAAAQEBAAABAQABAAAAAQEBAQAAAQEBAAEB"
    }
   }
  }
 }
}
