{
 "noun": "profile",
 "format_version": 2,
 "rows": 400,
 "columns": [
  {
   "name": "review",
   "kind": "category",
   "role": "feature",
   "count": 380,
   "missing": 20,
   "distinct": 350,
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
     "fine broken",
     3
    ],
    [
     "late late",
     3
    ],
    [
     "never again",
     3
    ],
    [
     "quick fine",
     3
    ],
    [
     "slow rude",
     3
    ],
    [
     "again rude",
     2
    ],
    [
     "again rude rude",
     2
    ],
    [
     "broken again",
     2
    ],
    [
     "broken broken",
     2
    ],
    [
     "broken early",
     2
    ],
    [
     "broken rude",
     2
    ],
    [
     "early broken",
     2
    ],
    [
     "early fine",
     2
    ],
    [
     "early quick",
     2
    ],
    [
     "fine fine",
     2
    ],
    [
     "friendly broken",
     2
    ],
    [
     "friendly friendly",
     2
    ],
    [
     "late again quick",
     2
    ],
    [
     "late fine",
     2
    ],
    [
     "late slow quick",
     2
    ],
    [
     "never never",
     2
    ],
    [
     "quick again",
     2
    ],
    [
     "quick broken",
     2
    ],
    [
     "quick slow fine",
     2
    ],
    [
     "rude never",
     2
    ],
    [
     "again again",
     1
    ],
    [
     "again again again again rude",
     1
    ],
    [
     "again again early fine late",
     1
    ],
    [
     "again again slow friendly early again",
     1
    ],
    [
     "again broken",
     1
    ],
    [
     "again broken again rude late",
     1
    ],
    [
     "again broken early fine quick never",
     1
    ],
    [
     "again broken fine never",
     1
    ],
    [
     "again broken friendly rude",
     1
    ],
    [
     "again broken never",
     1
    ],
    [
     "again broken quick fine",
     1
    ],
    [
     "again early",
     1
    ],
    [
     "again early broken fine late early",
     1
    ],
    [
     "again early fine never late rude",
     1
    ],
    [
     "again early quick rude slow broken",
     1
    ],
    [
     "again early rude quick fine broken",
     1
    ],
    [
     "again early slow never",
     1
    ],
    [
     "again fine",
     1
    ],
    [
     "again fine early friendly fine",
     1
    ],
    [
     "again fine fine rude late",
     1
    ],
    [
     "again fine fine slow late late",
     1
    ],
    [
     "again fine never",
     1
    ],
    [
     "again friendly broken never fine quick",
     1
    ],
    [
     "again friendly never",
     1
    ],
    [
     "again late",
     1
    ]
   ],
   "top_error": 0,
   "shortest": 9,
   "longest": 43,
   "mean_length": 21.94736842105263,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 380,
    "missing": 20,
    "unread": 0,
    "bins": 20,
    "shortest": 9,
    "longest": 43,
    "characters": 8340,
    "distinct": 350,
    "top": [
     [
      "fine broken",
      3
     ],
     [
      "late late",
      3
     ],
     [
      "never again",
      3
     ],
     [
      "quick fine",
      3
     ],
     [
      "slow rude",
      3
     ],
     [
      "again rude",
      2
     ],
     [
      "again rude rude",
      2
     ],
     [
      "broken again",
      2
     ],
     [
      "broken broken",
      2
     ],
     [
      "broken early",
      2
     ],
     [
      "broken rude",
      2
     ],
     [
      "early broken",
      2
     ],
     [
      "early fine",
      2
     ],
     [
      "early quick",
      2
     ],
     [
      "fine fine",
      2
     ],
     [
      "friendly broken",
      2
     ],
     [
      "friendly friendly",
      2
     ],
     [
      "late again quick",
      2
     ],
     [
      "late fine",
      2
     ],
     [
      "late slow quick",
      2
     ],
     [
      "never never",
      2
     ],
     [
      "quick again",
      2
     ],
     [
      "quick broken",
      2
     ],
     [
      "quick slow fine",
      2
     ],
     [
      "rude never",
      2
     ],
     [
      "again again",
      1
     ],
     [
      "again again again again rude",
      1
     ],
     [
      "again again early fine late",
      1
     ],
     [
      "again again slow friendly early again",
      1
     ],
     [
      "again broken",
      1
     ],
     [
      "again broken again rude late",
      1
     ],
     [
      "again broken early fine quick never",
      1
     ],
     [
      "again broken fine never",
      1
     ],
     [
      "again broken friendly rude",
      1
     ],
     [
      "again broken never",
      1
     ],
     [
      "again broken quick fine",
      1
     ],
     [
      "again early",
      1
     ],
     [
      "again early broken fine late early",
      1
     ],
     [
      "again early fine never late rude",
      1
     ],
     [
      "again early quick rude slow broken",
      1
     ],
     [
      "again early rude quick fine broken",
      1
     ],
     [
      "again early slow never",
      1
     ],
     [
      "again fine",
      1
     ],
     [
      "again fine early friendly fine",
      1
     ],
     [
      "again fine fine rude late",
      1
     ],
     [
      "again fine fine slow late late",
      1
     ],
     [
      "again fine never",
      1
     ],
     [
      "again friendly broken never fine quick",
      1
     ],
     [
      "again friendly never",
      1
     ],
     [
      "again late",
      1
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      "fine broken",
      3
     ],
     [
      "late late",
      3
     ],
     [
      "never again",
      3
     ],
     [
      "quick fine",
      3
     ],
     [
      "slow rude",
      3
     ],
     [
      "again rude",
      2
     ],
     [
      "again rude rude",
      2
     ],
     [
      "broken again",
      2
     ],
     [
      "broken broken",
      2
     ],
     [
      "broken early",
      2
     ],
     [
      "broken rude",
      2
     ],
     [
      "early broken",
      2
     ],
     [
      "early fine",
      2
     ],
     [
      "early quick",
      2
     ],
     [
      "fine fine",
      2
     ],
     [
      "friendly broken",
      2
     ],
     [
      "friendly friendly",
      2
     ],
     [
      "late again quick",
      2
     ],
     [
      "late fine",
      2
     ],
     [
      "late slow quick",
      2
     ],
     [
      "never never",
      2
     ],
     [
      "quick again",
      2
     ],
     [
      "quick broken",
      2
     ],
     [
      "quick slow fine",
      2
     ],
     [
      "rude never",
      2
     ],
     [
      "again again",
      1
     ],
     [
      "again again again again rude",
      1
     ],
     [
      "again again early fine late",
      1
     ],
     [
      "again again slow friendly early again",
      1
     ],
     [
      "again broken",
      1
     ],
     [
      "again broken again rude late",
      1
     ],
     [
      "again broken early fine quick never",
      1
     ],
     [
      "again broken fine never",
      1
     ],
     [
      "again broken friendly rude",
      1
     ],
     [
      "again broken never",
      1
     ],
     [
      "again broken quick fine",
      1
     ],
     [
      "again early",
      1
     ],
     [
      "again early broken fine late early",
      1
     ],
     [
      "again early fine never late rude",
      1
     ],
     [
      "again early quick rude slow broken",
      1
     ],
     [
      "again early rude quick fine broken",
      1
     ],
     [
      "again early slow never",
      1
     ],
     [
      "again fine",
      1
     ],
     [
      "again fine early friendly fine",
      1
     ],
     [
      "again fine fine rude late",
      1
     ],
     [
      "again fine fine slow late late",
      1
     ],
     [
      "again fine never",
      1
     ],
     [
      "again friendly broken never fine quick",
      1
     ],
     [
      "again friendly never",
      1
     ],
     [
      "again late",
      1
     ],
     [
      "again late broken rude",
      1
     ],
     [
      "again late early broken",
      1
     ],
     [
      "again never early late late early",
      1
     ],
     [
      "again never friendly broken",
      1
     ],
     [
      "again never friendly late broken quick",
      1
     ],
     [
      "again never quick",
      1
     ],
     [
      "again quick",
      1
     ],
     [
      "again quick fine fine again",
      1
     ],
     [
      "again quick rude",
      1
     ],
     [
      "again rude fine early friendly late",
      1
     ],
     [
      "again rude rude late late",
      1
     ],
     [
      "again rude slow quick",
      1
     ],
     [
      "again slow again",
      1
     ],
     [
      "again slow early slow broken",
      1
     ],
     [
      "again slow fine",
      1
     ],
     [
      "again slow fine again",
      1
     ],
     [
      "again slow never",
      1
     ],
     [
      "broken again late",
      1
     ],
     [
      "broken again late broken fine",
      1
     ],
     [
      "broken again slow friendly quick",
      1
     ],
     [
      "broken broken broken quick quick",
      1
     ],
     [
      "broken broken late again",
      1
     ],
     [
      "broken broken rude friendly quick again",
      1
     ],
     [
      "broken broken slow again rude never",
      1
     ],
     [
      "broken early early",
      1
     ],
     [
      "broken fine",
      1
     ],
     [
      "broken fine again slow rude",
      1
     ],
     [
      "broken fine broken friendly quick never",
      1
     ],
     [
      "broken fine quick fine friendly never",
      1
     ],
     [
      "broken friendly",
      1
     ],
     [
      "broken friendly rude",
      1
     ],
     [
      "broken late broken quick rude",
      1
     ],
     [
      "broken late early fine",
      1
     ],
     [
      "broken late early slow quick",
      1
     ],
     [
      "broken late rude fine",
      1
     ],
     [
      "broken quick",
      1
     ],
     [
      "broken quick quick again quick never",
      1
     ],
     [
      "broken rude again broken",
      1
     ],
     [
      "broken rude rude fine early friendly",
      1
     ],
     [
      "broken slow broken",
      1
     ],
     [
      "broken slow fine early quick",
      1
     ],
     [
      "broken slow slow fine late",
      1
     ],
     [
      "early again",
      1
     ],
     [
      "early again friendly again friendly",
      1
     ],
     [
      "early again rude quick",
      1
     ],
     [
      "early again slow fine rude",
      1
     ],
     [
      "early broken friendly never",
      1
     ],
     [
      "early broken late",
      1
     ],
     [
      "early early fine again",
      1
     ],
     [
      "early early friendly fine never",
      1
     ],
     [
      "early early slow broken fine friendly",
      1
     ],
     [
      "early fine friendly friendly early late",
      1
     ],
     [
      "early fine quick slow broken",
      1
     ],
     [
      "early fine slow again",
      1
     ],
     [
      "early fine slow early",
      1
     ],
     [
      "early friendly",
      1
     ],
     [
      "early friendly early",
      1
     ],
     [
      "early friendly fine quick",
      1
     ],
     [
      "early late",
      1
     ],
     [
      "early late again",
      1
     ],
     [
      "early late broken late never again",
      1
     ],
     [
      "early late slow slow never",
      1
     ],
     [
      "early never fine late late",
      1
     ],
     [
      "early never friendly rude fine quick",
      1
     ],
     [
      "early never never late",
      1
     ],
     [
      "early never never slow quick late",
      1
     ],
     [
      "early never rude never early fine",
      1
     ],
     [
      "early quick again",
      1
     ],
     [
      "early quick fine",
      1
     ],
     [
      "early rude",
      1
     ],
     [
      "early rude late slow rude",
      1
     ],
     [
      "early rude quick early",
      1
     ],
     [
      "early slow early friendly again",
      1
     ],
     [
      "early slow friendly late",
      1
     ],
     [
      "fine again early rude fine friendly",
      1
     ],
     [
      "fine again quick again",
      1
     ],
     [
      "fine broken rude",
      1
     ],
     [
      "fine broken rude fine",
      1
     ],
     [
      "fine early early",
      1
     ],
     [
      "fine fine again again never late",
      1
     ],
     [
      "fine fine early late again slow",
      1
     ],
     [
      "fine fine fine broken late rude",
      1
     ],
     [
      "fine friendly",
      1
     ],
     [
      "fine friendly rude early quick friendly",
      1
     ],
     [
      "fine late early never",
      1
     ],
     [
      "fine late rude",
      1
     ],
     [
      "fine late rude rude rude late",
      1
     ],
     [
      "fine never",
      1
     ],
     [
      "fine never early early fine",
      1
     ],
     [
      "fine never fine early slow",
      1
     ],
     [
      "fine never slow friendly",
      1
     ],
     [
      "fine quick",
      1
     ],
     [
      "fine quick early friendly",
      1
     ],
     [
      "fine quick early rude",
      1
     ],
     [
      "fine quick slow rude late",
      1
     ],
     [
      "fine rude again quick",
      1
     ],
     [
      "fine rude never early rude",
      1
     ],
     [
      "fine slow broken rude again",
      1
     ],
     [
      "fine slow slow early late",
      1
     ],
     [
      "friendly again",
      1
     ],
     [
      "friendly again slow",
      1
     ],
     [
      "friendly broken again",
      1
     ],
     [
      "friendly broken fine again rude",
      1
     ],
     [
      "friendly broken fine rude",
      1
     ],
     [
      "friendly broken quick friendly early broken",
      1
     ],
     [
      "friendly broken quick quick",
      1
     ],
     [
      "friendly broken rude quick friendly rude",
      1
     ],
     [
      "friendly early early broken again",
      1
     ],
     [
      "friendly early early fine",
      1
     ],
     [
      "friendly early early friendly never",
      1
     ],
     [
      "friendly early rude",
      1
     ],
     [
      "friendly fine",
      1
     ],
     [
      "friendly fine again slow",
      1
     ],
     [
      "friendly late",
      1
     ],
     [
      "friendly late again",
      1
     ],
     [
      "friendly late early",
      1
     ],
     [
      "friendly late fine",
      1
     ],
     [
      "friendly late friendly again late never",
      1
     ],
     [
      "friendly never broken rude never rude",
      1
     ],
     [
      "friendly never rude slow broken",
      1
     ],
     [
      "friendly quick",
      1
     ],
     [
      "friendly quick broken early",
      1
     ],
     [
      "friendly quick early",
      1
     ],
     [
      "friendly rude",
      1
     ],
     [
      "friendly rude broken",
      1
     ],
     [
      "friendly slow",
      1
     ],
     [
      "friendly slow again broken fine",
      1
     ],
     [
      "friendly slow broken",
      1
     ],
     [
      "friendly slow friendly again",
      1
     ],
     [
      "friendly slow never broken",
      1
     ],
     [
      "friendly slow never rude rude friendly",
      1
     ],
     [
      "friendly slow quick",
      1
     ],
     [
      "friendly slow quick friendly",
      1
     ],
     [
      "friendly slow rude fine slow again",
      1
     ],
     [
      "friendly slow rude rude broken",
      1
     ],
     [
      "late again",
      1
     ],
     [
      "late again never early",
      1
     ],
     [
      "late again rude",
      1
     ],
     [
      "late again slow rude again",
      1
     ],
     [
      "late broken quick late",
      1
     ],
     [
      "late early never",
      1
     ],
     [
      "late fine early",
      1
     ],
     [
      "late fine late never slow",
      1
     ],
     [
      "late fine late slow never",
      1
     ],
     [
      "late friendly",
      1
     ],
     [
      "late friendly early broken never",
      1
     ],
     [
      "late friendly fine never",
      1
     ],
     [
      "late friendly late friendly late quick",
      1
     ],
     [
      "late late again",
      1
     ],
     [
      "late late slow",
      1
     ],
     [
      "late never",
      1
     ],
     [
      "late never again again quick",
      1
     ],
     [
      "late never broken",
      1
     ],
     [
      "late never friendly",
      1
     ],
     [
      "late never late",
      1
     ],
     [
      "late quick broken again broken",
      1
     ],
     [
      "late quick early never",
      1
     ],
     [
      "late quick late again early early",
      1
     ],
     [
      "late quick late friendly",
      1
     ],
     [
      "late quick quick broken friendly",
      1
     ],
     [
      "late rude early",
      1
     ],
     [
      "late rude early friendly fine",
      1
     ],
     [
      "late rude quick quick",
      1
     ],
     [
      "late slow",
      1
     ],
     [
      "late slow fine",
      1
     ],
     [
      "late slow friendly",
      1
     ],
     [
      "never again broken again slow",
      1
     ],
     [
      "never again broken fine quick",
      1
     ],
     [
      "never again slow early again",
      1
     ],
     [
      "never again slow never",
      1
     ],
     [
      "never broken again late late never",
      1
     ],
     [
      "never broken never",
      1
     ],
     [
      "never early broken early",
      1
     ],
     [
      "never early fine",
      1
     ],
     [
      "never fine",
      1
     ],
     [
      "never fine early",
      1
     ],
     [
      "never fine early broken",
      1
     ],
     [
      "never fine fine rude early late",
      1
     ],
     [
      "never fine friendly quick slow",
      1
     ],
     [
      "never fine quick slow broken early",
      1
     ],
     [
      "never friendly friendly quick",
      1
     ],
     [
      "never friendly never",
      1
     ],
     [
      "never late friendly fine broken early",
      1
     ],
     [
      "never late never never slow fine",
      1
     ],
     [
      "never late never slow quick",
      1
     ],
     [
      "never late slow quick quick",
      1
     ],
     [
      "never never again friendly",
      1
     ],
     [
      "never never broken slow never",
      1
     ],
     [
      "never quick",
      1
     ],
     [
      "never quick early fine quick again",
      1
     ],
     [
      "never quick late broken",
      1
     ],
     [
      "never quick rude slow quick rude",
      1
     ],
     [
      "never rude broken fine",
      1
     ],
     [
      "never slow",
      1
     ],
     [
      "never slow fine late",
      1
     ],
     [
      "never slow late slow early early",
      1
     ],
     [
      "never slow late slow never",
      1
     ],
     [
      "quick again broken fine never early",
      1
     ],
     [
      "quick again friendly fine quick friendly",
      1
     ],
     [
      "quick again late quick",
      1
     ],
     [
      "quick broken again again",
      1
     ],
     [
      "quick early late",
      1
     ],
     [
      "quick friendly",
      1
     ],
     [
      "quick friendly friendly broken",
      1
     ],
     [
      "quick friendly never slow late friendly",
      1
     ],
     [
      "quick late",
      1
     ],
     [
      "quick late quick",
      1
     ],
     [
      "quick late quick fine quick",
      1
     ],
     [
      "quick late quick fine rude friendly",
      1
     ],
     [
      "quick late rude quick again early",
      1
     ],
     [
      "quick never never",
      1
     ],
     [
      "quick never quick never",
      1
     ],
     [
      "quick never quick quick never fine",
      1
     ],
     [
      "quick quick again early",
      1
     ],
     [
      "quick quick broken friendly rude",
      1
     ],
     [
      "quick quick broken quick again",
      1
     ],
     [
      "quick quick early",
      1
     ],
     [
      "quick quick rude broken",
      1
     ],
     [
      "quick quick rude rude",
      1
     ],
     [
      "quick quick slow",
      1
     ],
     [
      "quick slow",
      1
     ],
     [
      "quick slow early rude rude",
      1
     ],
     [
      "quick slow fine early rude",
      1
     ],
     [
      "quick slow fine slow rude",
      1
     ],
     [
      "quick slow friendly fine early",
      1
     ],
     [
      "quick slow quick",
      1
     ],
     [
      "rude again",
      1
     ],
     [
      "rude again broken",
      1
     ],
     [
      "rude again broken late",
      1
     ],
     [
      "rude again fine never again",
      1
     ],
     [
      "rude again late",
      1
     ],
     [
      "rude again never",
      1
     ],
     [
      "rude again slow quick",
      1
     ],
     [
      "rude broken early quick fine",
      1
     ],
     [
      "rude broken friendly late quick",
      1
     ],
     [
      "rude early",
      1
     ],
     [
      "rude early again",
      1
     ],
     [
      "rude early again never",
      1
     ],
     [
      "rude early friendly friendly broken again",
      1
     ],
     [
      "rude fine again fine quick",
      1
     ],
     [
      "rude fine early rude broken fine",
      1
     ],
     [
      "rude fine fine rude",
      1
     ],
     [
      "rude fine rude early late friendly",
      1
     ],
     [
      "rude fine slow fine",
      1
     ],
     [
      "rude fine slow fine rude slow",
      1
     ],
     [
      "rude fine slow friendly fine",
      1
     ],
     [
      "rude friendly",
      1
     ],
     [
      "rude friendly quick never",
      1
     ],
     [
      "rude late again",
      1
     ],
     [
      "rude late fine",
      1
     ],
     [
      "rude late rude slow rude friendly",
      1
     ],
     [
      "rude never early",
      1
     ],
     [
      "rude never slow again late slow",
      1
     ],
     [
      "rude quick",
      1
     ],
     [
      "rude quick early",
      1
     ],
     [
      "rude quick never friendly early",
      1
     ],
     [
      "rude quick slow slow rude early",
      1
     ],
     [
      "rude rude again late",
      1
     ],
     [
      "rude slow",
      1
     ],
     [
      "rude slow never again slow early",
      1
     ],
     [
      "rude slow quick quick",
      1
     ],
     [
      "slow again fine",
      1
     ],
     [
      "slow broken",
      1
     ],
     [
      "slow broken early quick",
      1
     ],
     [
      "slow broken early rude slow broken",
      1
     ],
     [
      "slow broken late again early",
      1
     ],
     [
      "slow early",
      1
     ],
     [
      "slow early early broken quick late",
      1
     ],
     [
      "slow early late late",
      1
     ],
     [
      "slow early slow",
      1
     ],
     [
      "slow fine",
      1
     ],
     [
      "slow fine friendly again late",
      1
     ],
     [
      "slow fine friendly quick again",
      1
     ],
     [
      "slow fine late",
      1
     ],
     [
      "slow fine slow",
      1
     ],
     [
      "slow friendly again",
      1
     ],
     [
      "slow friendly friendly friendly late",
      1
     ],
     [
      "slow friendly late",
      1
     ],
     [
      "slow friendly late again",
      1
     ],
     [
      "slow friendly late slow",
      1
     ],
     [
      "slow friendly never rude",
      1
     ],
     [
      "slow friendly slow",
      1
     ],
     [
      "slow friendly slow again broken never",
      1
     ],
     [
      "slow friendly slow early never friendly",
      1
     ],
     [
      "slow late again broken early broken",
      1
     ],
     [
      "slow late never",
      1
     ],
     [
      "slow late never never",
      1
     ],
     [
      "slow late rude late never",
      1
     ],
     [
      "slow late slow friendly",
      1
     ],
     [
      "slow never",
      1
     ],
     [
      "slow never again slow slow",
      1
     ],
     [
      "slow never broken late quick again",
      1
     ],
     [
      "slow never fine late",
      1
     ],
     [
      "slow never quick",
      1
     ],
     [
      "slow quick never",
      1
     ],
     [
      "slow rude again",
      1
     ],
     [
      "slow rude rude never",
      1
     ],
     [
      "slow slow",
      1
     ],
     [
      "slow slow early rude quick",
      1
     ],
     [
      "slow slow late",
      1
     ]
    ],
    "hll": null,
    "kll": null,
    "buckets": null
   }
  },
  {
   "name": "store",
   "kind": "category",
   "role": "feature",
   "count": 400,
   "missing": 0,
   "distinct": 212,
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
     "S42",
     5
    ],
    [
     "S63",
     5
    ],
    [
     "S1",
     4
    ],
    [
     "S188",
     4
    ],
    [
     "S211",
     4
    ],
    [
     "S213",
     4
    ],
    [
     "S222",
     4
    ],
    [
     "S230",
     4
    ],
    [
     "S231",
     4
    ],
    [
     "S241",
     4
    ],
    [
     "S244",
     4
    ],
    [
     "S257",
     4
    ],
    [
     "S3",
     4
    ],
    [
     "S45",
     4
    ],
    [
     "S7",
     4
    ],
    [
     "S70",
     4
    ],
    [
     "S104",
     3
    ],
    [
     "S11",
     3
    ],
    [
     "S113",
     3
    ],
    [
     "S12",
     3
    ],
    [
     "S121",
     3
    ],
    [
     "S124",
     3
    ],
    [
     "S139",
     3
    ],
    [
     "S145",
     3
    ],
    [
     "S156",
     3
    ],
    [
     "S157",
     3
    ],
    [
     "S16",
     3
    ],
    [
     "S160",
     3
    ],
    [
     "S168",
     3
    ],
    [
     "S175",
     3
    ],
    [
     "S176",
     3
    ],
    [
     "S18",
     3
    ],
    [
     "S182",
     3
    ],
    [
     "S202",
     3
    ],
    [
     "S203",
     3
    ],
    [
     "S21",
     3
    ],
    [
     "S235",
     3
    ],
    [
     "S237",
     3
    ],
    [
     "S245",
     3
    ],
    [
     "S246",
     3
    ],
    [
     "S248",
     3
    ],
    [
     "S251",
     3
    ],
    [
     "S261",
     3
    ],
    [
     "S32",
     3
    ],
    [
     "S46",
     3
    ],
    [
     "S50",
     3
    ],
    [
     "S55",
     3
    ],
    [
     "S57",
     3
    ],
    [
     "S6",
     3
    ],
    [
     "S62",
     3
    ]
   ],
   "top_error": 0,
   "shortest": 2,
   "longest": 4,
   "mean_length": 3.5525,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 400,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "shortest": 2,
    "longest": 4,
    "characters": 1421,
    "distinct": 212,
    "top": [
     [
      "S42",
      5
     ],
     [
      "S63",
      5
     ],
     [
      "S1",
      4
     ],
     [
      "S188",
      4
     ],
     [
      "S211",
      4
     ],
     [
      "S213",
      4
     ],
     [
      "S222",
      4
     ],
     [
      "S230",
      4
     ],
     [
      "S231",
      4
     ],
     [
      "S241",
      4
     ],
     [
      "S244",
      4
     ],
     [
      "S257",
      4
     ],
     [
      "S3",
      4
     ],
     [
      "S45",
      4
     ],
     [
      "S7",
      4
     ],
     [
      "S70",
      4
     ],
     [
      "S104",
      3
     ],
     [
      "S11",
      3
     ],
     [
      "S113",
      3
     ],
     [
      "S12",
      3
     ],
     [
      "S121",
      3
     ],
     [
      "S124",
      3
     ],
     [
      "S139",
      3
     ],
     [
      "S145",
      3
     ],
     [
      "S156",
      3
     ],
     [
      "S157",
      3
     ],
     [
      "S16",
      3
     ],
     [
      "S160",
      3
     ],
     [
      "S168",
      3
     ],
     [
      "S175",
      3
     ],
     [
      "S176",
      3
     ],
     [
      "S18",
      3
     ],
     [
      "S182",
      3
     ],
     [
      "S202",
      3
     ],
     [
      "S203",
      3
     ],
     [
      "S21",
      3
     ],
     [
      "S235",
      3
     ],
     [
      "S237",
      3
     ],
     [
      "S245",
      3
     ],
     [
      "S246",
      3
     ],
     [
      "S248",
      3
     ],
     [
      "S251",
      3
     ],
     [
      "S261",
      3
     ],
     [
      "S32",
      3
     ],
     [
      "S46",
      3
     ],
     [
      "S50",
      3
     ],
     [
      "S55",
      3
     ],
     [
      "S57",
      3
     ],
     [
      "S6",
      3
     ],
     [
      "S62",
      3
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      "S42",
      5
     ],
     [
      "S63",
      5
     ],
     [
      "S1",
      4
     ],
     [
      "S188",
      4
     ],
     [
      "S211",
      4
     ],
     [
      "S213",
      4
     ],
     [
      "S222",
      4
     ],
     [
      "S230",
      4
     ],
     [
      "S231",
      4
     ],
     [
      "S241",
      4
     ],
     [
      "S244",
      4
     ],
     [
      "S257",
      4
     ],
     [
      "S3",
      4
     ],
     [
      "S45",
      4
     ],
     [
      "S7",
      4
     ],
     [
      "S70",
      4
     ],
     [
      "S104",
      3
     ],
     [
      "S11",
      3
     ],
     [
      "S113",
      3
     ],
     [
      "S12",
      3
     ],
     [
      "S121",
      3
     ],
     [
      "S124",
      3
     ],
     [
      "S139",
      3
     ],
     [
      "S145",
      3
     ],
     [
      "S156",
      3
     ],
     [
      "S157",
      3
     ],
     [
      "S16",
      3
     ],
     [
      "S160",
      3
     ],
     [
      "S168",
      3
     ],
     [
      "S175",
      3
     ],
     [
      "S176",
      3
     ],
     [
      "S18",
      3
     ],
     [
      "S182",
      3
     ],
     [
      "S202",
      3
     ],
     [
      "S203",
      3
     ],
     [
      "S21",
      3
     ],
     [
      "S235",
      3
     ],
     [
      "S237",
      3
     ],
     [
      "S245",
      3
     ],
     [
      "S246",
      3
     ],
     [
      "S248",
      3
     ],
     [
      "S251",
      3
     ],
     [
      "S261",
      3
     ],
     [
      "S32",
      3
     ],
     [
      "S46",
      3
     ],
     [
      "S50",
      3
     ],
     [
      "S55",
      3
     ],
     [
      "S57",
      3
     ],
     [
      "S6",
      3
     ],
     [
      "S62",
      3
     ],
     [
      "S68",
      3
     ],
     [
      "S72",
      3
     ],
     [
      "S74",
      3
     ],
     [
      "S89",
      3
     ],
     [
      "S97",
      3
     ],
     [
      "S10",
      2
     ],
     [
      "S101",
      2
     ],
     [
      "S105",
      2
     ],
     [
      "S106",
      2
     ],
     [
      "S110",
      2
     ],
     [
      "S115",
      2
     ],
     [
      "S117",
      2
     ],
     [
      "S120",
      2
     ],
     [
      "S122",
      2
     ],
     [
      "S127",
      2
     ],
     [
      "S129",
      2
     ],
     [
      "S130",
      2
     ],
     [
      "S133",
      2
     ],
     [
      "S137",
      2
     ],
     [
      "S140",
      2
     ],
     [
      "S143",
      2
     ],
     [
      "S146",
      2
     ],
     [
      "S158",
      2
     ],
     [
      "S166",
      2
     ],
     [
      "S167",
      2
     ],
     [
      "S17",
      2
     ],
     [
      "S177",
      2
     ],
     [
      "S178",
      2
     ],
     [
      "S185",
      2
     ],
     [
      "S189",
      2
     ],
     [
      "S19",
      2
     ],
     [
      "S193",
      2
     ],
     [
      "S196",
      2
     ],
     [
      "S199",
      2
     ],
     [
      "S2",
      2
     ],
     [
      "S204",
      2
     ],
     [
      "S205",
      2
     ],
     [
      "S214",
      2
     ],
     [
      "S219",
      2
     ],
     [
      "S220",
      2
     ],
     [
      "S228",
      2
     ],
     [
      "S240",
      2
     ],
     [
      "S242",
      2
     ],
     [
      "S25",
      2
     ],
     [
      "S250",
      2
     ],
     [
      "S252",
      2
     ],
     [
      "S256",
      2
     ],
     [
      "S26",
      2
     ],
     [
      "S263",
      2
     ],
     [
      "S28",
      2
     ],
     [
      "S30",
      2
     ],
     [
      "S33",
      2
     ],
     [
      "S34",
      2
     ],
     [
      "S36",
      2
     ],
     [
      "S4",
      2
     ],
     [
      "S43",
      2
     ],
     [
      "S49",
      2
     ],
     [
      "S52",
      2
     ],
     [
      "S56",
      2
     ],
     [
      "S64",
      2
     ],
     [
      "S65",
      2
     ],
     [
      "S82",
      2
     ],
     [
      "S87",
      2
     ],
     [
      "S91",
      2
     ],
     [
      "S96",
      2
     ],
     [
      "S100",
      1
     ],
     [
      "S102",
      1
     ],
     [
      "S103",
      1
     ],
     [
      "S108",
      1
     ],
     [
      "S111",
      1
     ],
     [
      "S112",
      1
     ],
     [
      "S114",
      1
     ],
     [
      "S116",
      1
     ],
     [
      "S119",
      1
     ],
     [
      "S138",
      1
     ],
     [
      "S14",
      1
     ],
     [
      "S141",
      1
     ],
     [
      "S144",
      1
     ],
     [
      "S147",
      1
     ],
     [
      "S148",
      1
     ],
     [
      "S149",
      1
     ],
     [
      "S15",
      1
     ],
     [
      "S151",
      1
     ],
     [
      "S154",
      1
     ],
     [
      "S155",
      1
     ],
     [
      "S162",
      1
     ],
     [
      "S163",
      1
     ],
     [
      "S164",
      1
     ],
     [
      "S165",
      1
     ],
     [
      "S169",
      1
     ],
     [
      "S170",
      1
     ],
     [
      "S171",
      1
     ],
     [
      "S173",
      1
     ],
     [
      "S174",
      1
     ],
     [
      "S179",
      1
     ],
     [
      "S181",
      1
     ],
     [
      "S184",
      1
     ],
     [
      "S186",
      1
     ],
     [
      "S187",
      1
     ],
     [
      "S190",
      1
     ],
     [
      "S192",
      1
     ],
     [
      "S194",
      1
     ],
     [
      "S197",
      1
     ],
     [
      "S198",
      1
     ],
     [
      "S20",
      1
     ],
     [
      "S206",
      1
     ],
     [
      "S207",
      1
     ],
     [
      "S208",
      1
     ],
     [
      "S209",
      1
     ],
     [
      "S215",
      1
     ],
     [
      "S216",
      1
     ],
     [
      "S217",
      1
     ],
     [
      "S218",
      1
     ],
     [
      "S22",
      1
     ],
     [
      "S223",
      1
     ],
     [
      "S225",
      1
     ],
     [
      "S232",
      1
     ],
     [
      "S234",
      1
     ],
     [
      "S236",
      1
     ],
     [
      "S238",
      1
     ],
     [
      "S24",
      1
     ],
     [
      "S247",
      1
     ],
     [
      "S249",
      1
     ],
     [
      "S253",
      1
     ],
     [
      "S254",
      1
     ],
     [
      "S255",
      1
     ],
     [
      "S258",
      1
     ],
     [
      "S259",
      1
     ],
     [
      "S260",
      1
     ],
     [
      "S265",
      1
     ],
     [
      "S266",
      1
     ],
     [
      "S267",
      1
     ],
     [
      "S268",
      1
     ],
     [
      "S269",
      1
     ],
     [
      "S29",
      1
     ],
     [
      "S31",
      1
     ],
     [
      "S35",
      1
     ],
     [
      "S37",
      1
     ],
     [
      "S38",
      1
     ],
     [
      "S44",
      1
     ],
     [
      "S51",
      1
     ],
     [
      "S53",
      1
     ],
     [
      "S54",
      1
     ],
     [
      "S60",
      1
     ],
     [
      "S61",
      1
     ],
     [
      "S66",
      1
     ],
     [
      "S67",
      1
     ],
     [
      "S69",
      1
     ],
     [
      "S73",
      1
     ],
     [
      "S76",
      1
     ],
     [
      "S77",
      1
     ],
     [
      "S78",
      1
     ],
     [
      "S79",
      1
     ],
     [
      "S8",
      1
     ],
     [
      "S80",
      1
     ],
     [
      "S81",
      1
     ],
     [
      "S83",
      1
     ],
     [
      "S9",
      1
     ],
     [
      "S94",
      1
     ],
     [
      "S95",
      1
     ],
     [
      "S98",
      1
     ],
     [
      "S99",
      1
     ]
    ],
    "hll": null,
    "kll": null,
    "buckets": null
   }
  },
  {
   "name": "size",
   "kind": "category",
   "role": "feature",
   "count": 400,
   "missing": 0,
   "distinct": 59,
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
     "<25 kg",
     16
    ],
    [
     "<53 kg",
     14
    ],
    [
     "<10 kg",
     13
    ],
    [
     "<26 kg",
     12
    ],
    [
     "<38 kg",
     12
    ],
    [
     "6 kg",
     11
    ],
    [
     "36 kg",
     10
    ],
    [
     "<31 kg",
     10
    ],
    [
     "<58 kg",
     10
    ],
    [
     "24 kg",
     9
    ],
    [
     "48 kg",
     9
    ],
    [
     "51 kg",
     9
    ],
    [
     "<22 kg",
     9
    ],
    [
     "<37 kg",
     9
    ],
    [
     "<40 kg",
     9
    ],
    [
     "<44 kg",
     9
    ],
    [
     "<50 kg",
     9
    ],
    [
     "27 kg",
     8
    ],
    [
     "45 kg",
     8
    ],
    [
     "54 kg",
     8
    ],
    [
     "<11 kg",
     8
    ],
    [
     "<49 kg",
     8
    ],
    [
     "<7 kg",
     8
    ],
    [
     "21 kg",
     7
    ],
    [
     "<20 kg",
     7
    ],
    [
     "<41 kg",
     7
    ],
    [
     "<5 kg",
     7
    ],
    [
     "<55 kg",
     7
    ],
    [
     "3 kg",
     6
    ],
    [
     "57 kg",
     6
    ],
    [
     "<1 kg",
     6
    ],
    [
     "<13 kg",
     6
    ],
    [
     "<16 kg",
     6
    ],
    [
     "<32 kg",
     6
    ],
    [
     "30 kg",
     5
    ],
    [
     "33 kg",
     5
    ],
    [
     "39 kg",
     5
    ],
    [
     "42 kg",
     5
    ],
    [
     "<14 kg",
     5
    ],
    [
     "<17 kg",
     5
    ],
    [
     "<19 kg",
     5
    ],
    [
     "<23 kg",
     5
    ],
    [
     "<34 kg",
     5
    ],
    [
     "<35 kg",
     5
    ],
    [
     "<43 kg",
     5
    ],
    [
     "<46 kg",
     5
    ],
    [
     "<47 kg",
     5
    ],
    [
     "<8 kg",
     5
    ],
    [
     "15 kg",
     4
    ],
    [
     "<2 kg",
     4
    ]
   ],
   "top_error": 0,
   "shortest": 4,
   "longest": 6,
   "mean_length": 5.565,
   "longest_gap": null,
   "meaning": null,
   "unread": 0,
   "target": null,
   "by_target": null,
   "sensitive": false,
   "state": {
    "count": 400,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "shortest": 4,
    "longest": 6,
    "characters": 2226,
    "distinct": 59,
    "top": [
     [
      "<25 kg",
      16
     ],
     [
      "<53 kg",
      14
     ],
     [
      "<10 kg",
      13
     ],
     [
      "<26 kg",
      12
     ],
     [
      "<38 kg",
      12
     ],
     [
      "6 kg",
      11
     ],
     [
      "36 kg",
      10
     ],
     [
      "<31 kg",
      10
     ],
     [
      "<58 kg",
      10
     ],
     [
      "24 kg",
      9
     ],
     [
      "48 kg",
      9
     ],
     [
      "51 kg",
      9
     ],
     [
      "<22 kg",
      9
     ],
     [
      "<37 kg",
      9
     ],
     [
      "<40 kg",
      9
     ],
     [
      "<44 kg",
      9
     ],
     [
      "<50 kg",
      9
     ],
     [
      "27 kg",
      8
     ],
     [
      "45 kg",
      8
     ],
     [
      "54 kg",
      8
     ],
     [
      "<11 kg",
      8
     ],
     [
      "<49 kg",
      8
     ],
     [
      "<7 kg",
      8
     ],
     [
      "21 kg",
      7
     ],
     [
      "<20 kg",
      7
     ],
     [
      "<41 kg",
      7
     ],
     [
      "<5 kg",
      7
     ],
     [
      "<55 kg",
      7
     ],
     [
      "3 kg",
      6
     ],
     [
      "57 kg",
      6
     ],
     [
      "<1 kg",
      6
     ],
     [
      "<13 kg",
      6
     ],
     [
      "<16 kg",
      6
     ],
     [
      "<32 kg",
      6
     ],
     [
      "30 kg",
      5
     ],
     [
      "33 kg",
      5
     ],
     [
      "39 kg",
      5
     ],
     [
      "42 kg",
      5
     ],
     [
      "<14 kg",
      5
     ],
     [
      "<17 kg",
      5
     ],
     [
      "<19 kg",
      5
     ],
     [
      "<23 kg",
      5
     ],
     [
      "<34 kg",
      5
     ],
     [
      "<35 kg",
      5
     ],
     [
      "<43 kg",
      5
     ],
     [
      "<46 kg",
      5
     ],
     [
      "<47 kg",
      5
     ],
     [
      "<8 kg",
      5
     ],
     [
      "15 kg",
      4
     ],
     [
      "<2 kg",
      4
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      "<25 kg",
      16
     ],
     [
      "<53 kg",
      14
     ],
     [
      "<10 kg",
      13
     ],
     [
      "<26 kg",
      12
     ],
     [
      "<38 kg",
      12
     ],
     [
      "6 kg",
      11
     ],
     [
      "36 kg",
      10
     ],
     [
      "<31 kg",
      10
     ],
     [
      "<58 kg",
      10
     ],
     [
      "24 kg",
      9
     ],
     [
      "48 kg",
      9
     ],
     [
      "51 kg",
      9
     ],
     [
      "<22 kg",
      9
     ],
     [
      "<37 kg",
      9
     ],
     [
      "<40 kg",
      9
     ],
     [
      "<44 kg",
      9
     ],
     [
      "<50 kg",
      9
     ],
     [
      "27 kg",
      8
     ],
     [
      "45 kg",
      8
     ],
     [
      "54 kg",
      8
     ],
     [
      "<11 kg",
      8
     ],
     [
      "<49 kg",
      8
     ],
     [
      "<7 kg",
      8
     ],
     [
      "21 kg",
      7
     ],
     [
      "<20 kg",
      7
     ],
     [
      "<41 kg",
      7
     ],
     [
      "<5 kg",
      7
     ],
     [
      "<55 kg",
      7
     ],
     [
      "3 kg",
      6
     ],
     [
      "57 kg",
      6
     ],
     [
      "<1 kg",
      6
     ],
     [
      "<13 kg",
      6
     ],
     [
      "<16 kg",
      6
     ],
     [
      "<32 kg",
      6
     ],
     [
      "30 kg",
      5
     ],
     [
      "33 kg",
      5
     ],
     [
      "39 kg",
      5
     ],
     [
      "42 kg",
      5
     ],
     [
      "<14 kg",
      5
     ],
     [
      "<17 kg",
      5
     ],
     [
      "<19 kg",
      5
     ],
     [
      "<23 kg",
      5
     ],
     [
      "<34 kg",
      5
     ],
     [
      "<35 kg",
      5
     ],
     [
      "<43 kg",
      5
     ],
     [
      "<46 kg",
      5
     ],
     [
      "<47 kg",
      5
     ],
     [
      "<8 kg",
      5
     ],
     [
      "15 kg",
      4
     ],
     [
      "<2 kg",
      4
     ],
     [
      "12 kg",
      3
     ],
     [
      "<28 kg",
      3
     ],
     [
      "<29 kg",
      3
     ],
     [
      "<4 kg",
      3
     ],
     [
      "<56 kg",
      3
     ],
     [
      "18 kg",
      2
     ],
     [
      "9 kg",
      2
     ],
     [
      "<52 kg",
      2
     ],
     [
      "<59 kg",
      2
     ]
    ],
    "hll": null,
    "kll": null,
    "buckets": null
   }
  },
  {
   "name": "km",
   "kind": "number",
   "role": "feature",
   "count": 400,
   "missing": 0,
   "distinct": 188,
   "distinct_exact": true,
   "distinct_error": 0.0,
   "minimum": 0.3,
   "maximum": 40.6,
   "mean": 10.298499999999999,
   "sd": 7.019467933909804,
   "skew": 1.280808541465315,
   "kurtosis": 2.187888645185869,
   "zeros": 0,
   "negatives": 0,
   "infinities": 0,
   "quantiles": {
    "0.01": 0.7,
    "0.05": 1.6,
    "0.25": 5.1,
    "0.5": 8.9,
    "0.75": 13.9,
    "0.95": 23.004999999999995,
    "0.99": 35.108
   },
   "rank_error": 0.0,
   "histogram": {
    "edges": [
     0.3,
     2.315,
     4.33,
     6.345,
     8.360000000000001,
     10.375000000000002,
     12.39,
     14.405000000000001,
     16.42,
     18.435000000000002,
     20.450000000000003,
     22.465000000000003,
     24.48,
     26.495,
     28.51,
     30.525000000000002,
     32.54,
     34.555,
     36.57,
     38.585,
     40.6
    ],
    "counts": [
     34.0,
     42.0,
     57.0,
     52.0,
     53.0,
     38.0,
     32.0,
     26.0,
     16.0,
     22.0,
     3.0,
     7.0,
     4.0,
     2.0,
     4.0,
     3.0,
     0.0,
     2.0,
     2.0,
     1.0
    ]
   },
   "top": [
    [
     "8.7",
     7
    ],
    [
     "7.9",
     6
    ],
    [
     "11.1",
     6
    ],
    [
     "2.1",
     5
    ],
    [
     "6.2",
     5
    ],
    [
     "7.2",
     5
    ],
    [
     "7.7",
     5
    ],
    [
     "15",
     5
    ],
    [
     "1.3",
     4
    ],
    [
     "3.1",
     4
    ],
    [
     "3.6",
     4
    ],
    [
     "3.9",
     4
    ],
    [
     "4.4",
     4
    ],
    [
     "4.5",
     4
    ],
    [
     "4.6",
     4
    ],
    [
     "4.8",
     4
    ],
    [
     "5.1",
     4
    ],
    [
     "5.3",
     4
    ],
    [
     "5.5",
     4
    ],
    [
     "5.8",
     4
    ],
    [
     "8.1",
     4
    ],
    [
     "8.2",
     4
    ],
    [
     "9.1",
     4
    ],
    [
     "9.5",
     4
    ],
    [
     "9.7",
     4
    ],
    [
     "10.5",
     4
    ],
    [
     "12.6",
     4
    ],
    [
     "13.4",
     4
    ],
    [
     "18.7",
     4
    ],
    [
     "1",
     3
    ],
    [
     "1.1",
     3
    ],
    [
     "1.6",
     3
    ],
    [
     "2.6",
     3
    ],
    [
     "3.3",
     3
    ],
    [
     "3.8",
     3
    ],
    [
     "4.9",
     3
    ],
    [
     "6",
     3
    ],
    [
     "6.3",
     3
    ],
    [
     "6.4",
     3
    ],
    [
     "6.9",
     3
    ],
    [
     "7.6",
     3
    ],
    [
     "8.5",
     3
    ],
    [
     "8.9",
     3
    ],
    [
     "9",
     3
    ],
    [
     "9.4",
     3
    ],
    [
     "9.9",
     3
    ],
    [
     "10",
     3
    ],
    [
     "10.2",
     3
    ],
    [
     "10.3",
     3
    ],
    [
     "10.4",
     3
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
    "count": 400,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "infinities": 0,
    "zeros": 0,
    "negatives": 0,
    "minimum": 0.3,
    "maximum": 40.6,
    "moments": [
     400.0,
     10.298499999999999,
     19659.899100000002,
     175870.40954730008,
     4972156.174048645
    ],
    "whole": false,
    "kll": null,
    "distinct": 188,
    "top": [
     [
      8.7,
      7
     ],
     [
      7.9,
      6
     ],
     [
      11.1,
      6
     ],
     [
      2.1,
      5
     ],
     [
      6.2,
      5
     ],
     [
      7.2,
      5
     ],
     [
      7.7,
      5
     ],
     [
      15.0,
      5
     ],
     [
      1.3,
      4
     ],
     [
      3.1,
      4
     ],
     [
      3.6,
      4
     ],
     [
      3.9,
      4
     ],
     [
      4.4,
      4
     ],
     [
      4.5,
      4
     ],
     [
      4.6,
      4
     ],
     [
      4.8,
      4
     ],
     [
      5.1,
      4
     ],
     [
      5.3,
      4
     ],
     [
      5.5,
      4
     ],
     [
      5.8,
      4
     ],
     [
      8.1,
      4
     ],
     [
      8.2,
      4
     ],
     [
      9.1,
      4
     ],
     [
      9.5,
      4
     ],
     [
      9.7,
      4
     ],
     [
      10.5,
      4
     ],
     [
      12.6,
      4
     ],
     [
      13.4,
      4
     ],
     [
      18.7,
      4
     ],
     [
      1.0,
      3
     ],
     [
      1.1,
      3
     ],
     [
      1.6,
      3
     ],
     [
      2.6,
      3
     ],
     [
      3.3,
      3
     ],
     [
      3.8,
      3
     ],
     [
      4.9,
      3
     ],
     [
      6.0,
      3
     ],
     [
      6.3,
      3
     ],
     [
      6.4,
      3
     ],
     [
      6.9,
      3
     ],
     [
      7.6,
      3
     ],
     [
      8.5,
      3
     ],
     [
      8.9,
      3
     ],
     [
      9.0,
      3
     ],
     [
      9.4,
      3
     ],
     [
      9.9,
      3
     ],
     [
      10.0,
      3
     ],
     [
      10.2,
      3
     ],
     [
      10.3,
      3
     ],
     [
      10.4,
      3
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      8.7,
      7
     ],
     [
      7.9,
      6
     ],
     [
      11.1,
      6
     ],
     [
      2.1,
      5
     ],
     [
      6.2,
      5
     ],
     [
      7.2,
      5
     ],
     [
      7.7,
      5
     ],
     [
      15.0,
      5
     ],
     [
      1.3,
      4
     ],
     [
      3.1,
      4
     ],
     [
      3.6,
      4
     ],
     [
      3.9,
      4
     ],
     [
      4.4,
      4
     ],
     [
      4.5,
      4
     ],
     [
      4.6,
      4
     ],
     [
      4.8,
      4
     ],
     [
      5.1,
      4
     ],
     [
      5.3,
      4
     ],
     [
      5.5,
      4
     ],
     [
      5.8,
      4
     ],
     [
      8.1,
      4
     ],
     [
      8.2,
      4
     ],
     [
      9.1,
      4
     ],
     [
      9.5,
      4
     ],
     [
      9.7,
      4
     ],
     [
      10.5,
      4
     ],
     [
      12.6,
      4
     ],
     [
      13.4,
      4
     ],
     [
      18.7,
      4
     ],
     [
      1.0,
      3
     ],
     [
      1.1,
      3
     ],
     [
      1.6,
      3
     ],
     [
      2.6,
      3
     ],
     [
      3.3,
      3
     ],
     [
      3.8,
      3
     ],
     [
      4.9,
      3
     ],
     [
      6.0,
      3
     ],
     [
      6.3,
      3
     ],
     [
      6.4,
      3
     ],
     [
      6.9,
      3
     ],
     [
      7.6,
      3
     ],
     [
      8.5,
      3
     ],
     [
      8.9,
      3
     ],
     [
      9.0,
      3
     ],
     [
      9.4,
      3
     ],
     [
      9.9,
      3
     ],
     [
      10.0,
      3
     ],
     [
      10.2,
      3
     ],
     [
      10.3,
      3
     ],
     [
      10.4,
      3
     ],
     [
      11.2,
      3
     ],
     [
      11.3,
      3
     ],
     [
      11.8,
      3
     ],
     [
      12.3,
      3
     ],
     [
      13.2,
      3
     ],
     [
      13.6,
      3
     ],
     [
      13.7,
      3
     ],
     [
      14.6,
      3
     ],
     [
      15.4,
      3
     ],
     [
      19.0,
      3
     ],
     [
      19.9,
      3
     ],
     [
      0.5,
      2
     ],
     [
      0.7,
      2
     ],
     [
      1.4,
      2
     ],
     [
      1.5,
      2
     ],
     [
      1.9,
      2
     ],
     [
      2.3,
      2
     ],
     [
      2.4,
      2
     ],
     [
      2.7,
      2
     ],
     [
      2.8,
      2
     ],
     [
      3.2,
      2
     ],
     [
      4.0,
      2
     ],
     [
      4.1,
      2
     ],
     [
      4.2,
      2
     ],
     [
      4.3,
      2
     ],
     [
      5.6,
      2
     ],
     [
      5.9,
      2
     ],
     [
      6.1,
      2
     ],
     [
      6.5,
      2
     ],
     [
      6.7,
      2
     ],
     [
      7.0,
      2
     ],
     [
      7.1,
      2
     ],
     [
      7.4,
      2
     ],
     [
      7.8,
      2
     ],
     [
      8.0,
      2
     ],
     [
      8.3,
      2
     ],
     [
      9.2,
      2
     ],
     [
      9.3,
      2
     ],
     [
      9.8,
      2
     ],
     [
      10.6,
      2
     ],
     [
      10.8,
      2
     ],
     [
      11.6,
      2
     ],
     [
      12.1,
      2
     ],
     [
      12.9,
      2
     ],
     [
      13.9,
      2
     ],
     [
      14.1,
      2
     ],
     [
      14.2,
      2
     ],
     [
      14.3,
      2
     ],
     [
      15.7,
      2
     ],
     [
      15.9,
      2
     ],
     [
      16.0,
      2
     ],
     [
      16.2,
      2
     ],
     [
      17.4,
      2
     ],
     [
      17.5,
      2
     ],
     [
      17.6,
      2
     ],
     [
      17.9,
      2
     ],
     [
      18.1,
      2
     ],
     [
      18.8,
      2
     ],
     [
      22.7,
      2
     ],
     [
      23.0,
      2
     ],
     [
      0.3,
      1
     ],
     [
      1.7,
      1
     ],
     [
      1.8,
      1
     ],
     [
      2.0,
      1
     ],
     [
      2.5,
      1
     ],
     [
      2.9,
      1
     ],
     [
      3.0,
      1
     ],
     [
      3.5,
      1
     ],
     [
      3.7,
      1
     ],
     [
      4.7,
      1
     ],
     [
      5.0,
      1
     ],
     [
      5.2,
      1
     ],
     [
      5.4,
      1
     ],
     [
      5.7,
      1
     ],
     [
      6.6,
      1
     ],
     [
      7.3,
      1
     ],
     [
      7.5,
      1
     ],
     [
      8.4,
      1
     ],
     [
      8.6,
      1
     ],
     [
      8.8,
      1
     ],
     [
      10.1,
      1
     ],
     [
      10.7,
      1
     ],
     [
      11.4,
      1
     ],
     [
      11.5,
      1
     ],
     [
      11.9,
      1
     ],
     [
      12.0,
      1
     ],
     [
      12.4,
      1
     ],
     [
      12.5,
      1
     ],
     [
      13.1,
      1
     ],
     [
      13.3,
      1
     ],
     [
      14.0,
      1
     ],
     [
      14.7,
      1
     ],
     [
      14.8,
      1
     ],
     [
      15.2,
      1
     ],
     [
      15.5,
      1
     ],
     [
      15.6,
      1
     ],
     [
      15.8,
      1
     ],
     [
      16.4,
      1
     ],
     [
      16.5,
      1
     ],
     [
      16.9,
      1
     ],
     [
      17.1,
      1
     ],
     [
      17.3,
      1
     ],
     [
      18.0,
      1
     ],
     [
      18.4,
      1
     ],
     [
      18.5,
      1
     ],
     [
      18.6,
      1
     ],
     [
      19.1,
      1
     ],
     [
      19.3,
      1
     ],
     [
      19.4,
      1
     ],
     [
      19.6,
      1
     ],
     [
      19.7,
      1
     ],
     [
      20.0,
      1
     ],
     [
      20.1,
      1
     ],
     [
      20.4,
      1
     ],
     [
      20.5,
      1
     ],
     [
      21.6,
      1
     ],
     [
      21.8,
      1
     ],
     [
      22.9,
      1
     ],
     [
      23.1,
      1
     ],
     [
      24.4,
      1
     ],
     [
      24.6,
      1
     ],
     [
      24.8,
      1
     ],
     [
      25.4,
      1
     ],
     [
      26.1,
      1
     ],
     [
      26.7,
      1
     ],
     [
      27.3,
      1
     ],
     [
      28.9,
      1
     ],
     [
      29.1,
      1
     ],
     [
      29.7,
      1
     ],
     [
      29.8,
      1
     ],
     [
      30.6,
      1
     ],
     [
      30.7,
      1
     ],
     [
      31.7,
      1
     ],
     [
      35.1,
      1
     ],
     [
      35.9,
      1
     ],
     [
      36.6,
      1
     ],
     [
      38.1,
      1
     ],
     [
      40.6,
      1
     ]
    ],
    "hll": null,
    "buckets": null
   }
  },
  {
   "name": "prediction",
   "kind": "number",
   "role": "feature",
   "count": 80,
   "missing": 0,
   "distinct": 79,
   "distinct_exact": true,
   "distinct_error": 0.0,
   "minimum": 1.8021414400114115,
   "maximum": 4.272055252237005,
   "mean": 3.1467385655969062,
   "sd": 0.9016469719437906,
   "skew": -0.04748018900122798,
   "kurtosis": -1.8957904775565138,
   "zeros": 0,
   "negatives": 0,
   "infinities": 0,
   "quantiles": {
    "0.01": 1.865413912588582,
    "0.05": 2.0410399549376845,
    "0.25": 2.256762429660987,
    "0.5": 3.3187604091646747,
    "0.75": 4.026504330298648,
    "0.95": 4.190370528144942,
    "0.99": 4.264657522181254
   },
   "rank_error": 0.0,
   "histogram": {
    "edges": [
     1.8021414400114115,
     1.9256371306226912,
     2.049132821233971,
     2.1726285118452506,
     2.2961242024565305,
     2.41961989306781,
     2.5431155836790897,
     2.6666112742903696,
     2.790106964901649,
     2.913602655512929,
     3.0370983461242087,
     3.160594036735488,
     3.284089727346768,
     3.407585417958048,
     3.531081108569327,
     3.654576799180607,
     3.778072489791887,
     3.9015681804031663,
     4.025063871014446,
     4.148559561625726,
     4.272055252237005
    ],
    "counts": [
     3.0,
     2.0,
     6.0,
     13.0,
     11.0,
     1.0,
     1.0,
     1.0,
     1.0,
     1.0,
     0.0,
     0.0,
     0.0,
     0.0,
     0.0,
     2.0,
     5.0,
     11.0,
     13.0,
     9.0
    ]
   },
   "top": [
    [
     "4.14410467919946",
     2
    ],
    [
     "1.80214144001141",
     1
    ],
    [
     "1.88223317745087",
     1
    ],
    [
     "1.91856778190956",
     1
    ],
    [
     "2.0045945919657",
     1
    ],
    [
     "2.04295813193621",
     1
    ],
    [
     "2.05792495621753",
     1
    ],
    [
     "2.10621732242823",
     1
    ],
    [
     "2.12916771164814",
     1
    ],
    [
     "2.12925921272898",
     1
    ],
    [
     "2.15634927959048",
     1
    ],
    [
     "2.15720598887646",
     1
    ],
    [
     "2.18450395850819",
     1
    ],
    [
     "2.2051652627342",
     1
    ],
    [
     "2.21106131118004",
     1
    ],
    [
     "2.21424629172305",
     1
    ],
    [
     "2.21944809189473",
     1
    ],
    [
     "2.22971011873051",
     1
    ],
    [
     "2.23160009577777",
     1
    ],
    [
     "2.23561029617388",
     1
    ],
    [
     "2.24911603945165",
     1
    ],
    [
     "2.25931122639743",
     1
    ],
    [
     "2.26990387760402",
     1
    ],
    [
     "2.28557704052952",
     1
    ],
    [
     "2.29193614229843",
     1
    ],
    [
     "2.31642613304715",
     1
    ],
    [
     "2.32530413929002",
     1
    ],
    [
     "2.32610809449888",
     1
    ],
    [
     "2.326754830798",
     1
    ],
    [
     "2.32942471312167",
     1
    ],
    [
     "2.33230221180033",
     1
    ],
    [
     "2.33765466744862",
     1
    ],
    [
     "2.34310242188706",
     1
    ],
    [
     "2.3467297373797",
     1
    ],
    [
     "2.34708296642714",
     1
    ],
    [
     "2.41364815570125",
     1
    ],
    [
     "2.52097102350204",
     1
    ],
    [
     "2.64509267829846",
     1
    ],
    [
     "2.67282271319717",
     1
    ],
    [
     "2.79129935272456",
     1
    ],
    [
     "2.96715503407315",
     1
    ],
    [
     "3.67036578425619",
     1
    ],
    [
     "3.74401298542372",
     1
    ],
    [
     "3.79137863078498",
     1
    ],
    [
     "3.80396984529329",
     1
    ],
    [
     "3.83101872361153",
     1
    ],
    [
     "3.83837189788684",
     1
    ],
    [
     "3.86686394933789",
     1
    ],
    [
     "3.92133385970752",
     1
    ],
    [
     "3.92465486300106",
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
    "count": 80,
    "missing": 0,
    "unread": 0,
    "bins": 20,
    "infinities": 0,
    "zeros": 0,
    "negatives": 0,
    "minimum": 1.8021414400114115,
    "maximum": 4.272055252237005,
    "moments": [
     80.0,
     3.1467385655969062,
     64.22441369921714,
     -2.680734055514856,
     59.116642012026574
    ],
    "whole": false,
    "kll": null,
    "distinct": 79,
    "top": [
     [
      4.144104679199456,
      2
     ],
     [
      1.8021414400114115,
      1
     ],
     [
      1.882233177450868,
      1
     ],
     [
      1.918567781909561,
      1
     ],
     [
      2.0045945919657027,
      1
     ],
     [
      2.04295813193621,
      1
     ],
     [
      2.0579249562175335,
      1
     ],
     [
      2.10621732242823,
      1
     ],
     [
      2.129167711648144,
      1
     ],
     [
      2.1292592127289818,
      1
     ],
     [
      2.1563492795904815,
      1
     ],
     [
      2.1572059888764636,
      1
     ],
     [
      2.1845039585081865,
      1
     ],
     [
      2.205165262734204,
      1
     ],
     [
      2.2110613111800363,
      1
     ],
     [
      2.2142462917230534,
      1
     ],
     [
      2.219448091894733,
      1
     ],
     [
      2.229710118730506,
      1
     ],
     [
      2.2316000957777717,
      1
     ],
     [
      2.2356102961738795,
      1
     ],
     [
      2.2491160394516507,
      1
     ],
     [
      2.259311226397432,
      1
     ],
     [
      2.2699038776040172,
      1
     ],
     [
      2.2855770405295215,
      1
     ],
     [
      2.291936142298429,
      1
     ],
     [
      2.3164261330471483,
      1
     ],
     [
      2.3253041392900218,
      1
     ],
     [
      2.3261080944988786,
      1
     ],
     [
      2.326754830797997,
      1
     ],
     [
      2.3294247131216723,
      1
     ],
     [
      2.332302211800327,
      1
     ],
     [
      2.337654667448625,
      1
     ],
     [
      2.343102421887057,
      1
     ],
     [
      2.346729737379702,
      1
     ],
     [
      2.347082966427145,
      1
     ],
     [
      2.4136481557012495,
      1
     ],
     [
      2.520971023502042,
      1
     ],
     [
      2.6450926782984623,
      1
     ],
     [
      2.672822713197166,
      1
     ],
     [
      2.7912993527245606,
      1
     ],
     [
      2.967155034073155,
      1
     ],
     [
      3.670365784256194,
      1
     ],
     [
      3.744012985423724,
      1
     ],
     [
      3.791378630784981,
      1
     ],
     [
      3.8039698452932904,
      1
     ],
     [
      3.8310187236115336,
      1
     ],
     [
      3.838371897886844,
      1
     ],
     [
      3.8668639493378856,
      1
     ],
     [
      3.9213338597075227,
      1
     ],
     [
      3.924654863001057,
      1
     ]
    ],
    "top_error": 0,
    "counts": [
     [
      4.144104679199456,
      2
     ],
     [
      1.8021414400114115,
      1
     ],
     [
      1.882233177450868,
      1
     ],
     [
      1.918567781909561,
      1
     ],
     [
      2.0045945919657027,
      1
     ],
     [
      2.04295813193621,
      1
     ],
     [
      2.0579249562175335,
      1
     ],
     [
      2.10621732242823,
      1
     ],
     [
      2.129167711648144,
      1
     ],
     [
      2.1292592127289818,
      1
     ],
     [
      2.1563492795904815,
      1
     ],
     [
      2.1572059888764636,
      1
     ],
     [
      2.1845039585081865,
      1
     ],
     [
      2.205165262734204,
      1
     ],
     [
      2.2110613111800363,
      1
     ],
     [
      2.2142462917230534,
      1
     ],
     [
      2.219448091894733,
      1
     ],
     [
      2.229710118730506,
      1
     ],
     [
      2.2316000957777717,
      1
     ],
     [
      2.2356102961738795,
      1
     ],
     [
      2.2491160394516507,
      1
     ],
     [
      2.259311226397432,
      1
     ],
     [
      2.2699038776040172,
      1
     ],
     [
      2.2855770405295215,
      1
     ],
     [
      2.291936142298429,
      1
     ],
     [
      2.3164261330471483,
      1
     ],
     [
      2.3253041392900218,
      1
     ],
     [
      2.3261080944988786,
      1
     ],
     [
      2.326754830797997,
      1
     ],
     [
      2.3294247131216723,
      1
     ],
     [
      2.332302211800327,
      1
     ],
     [
      2.337654667448625,
      1
     ],
     [
      2.343102421887057,
      1
     ],
     [
      2.346729737379702,
      1
     ],
     [
      2.347082966427145,
      1
     ],
     [
      2.4136481557012495,
      1
     ],
     [
      2.520971023502042,
      1
     ],
     [
      2.6450926782984623,
      1
     ],
     [
      2.672822713197166,
      1
     ],
     [
      2.7912993527245606,
      1
     ],
     [
      2.967155034073155,
      1
     ],
     [
      3.670365784256194,
      1
     ],
     [
      3.744012985423724,
      1
     ],
     [
      3.791378630784981,
      1
     ],
     [
      3.8039698452932904,
      1
     ],
     [
      3.8310187236115336,
      1
     ],
     [
      3.838371897886844,
      1
     ],
     [
      3.8668639493378856,
      1
     ],
     [
      3.9213338597075227,
      1
     ],
     [
      3.924654863001057,
      1
     ],
     [
      3.925840265175914,
      1
     ],
     [
      3.944276465621238,
      1
     ],
     [
      3.944369669710634,
      1
     ],
     [
      3.9495998223224733,
      1
     ],
     [
      3.9646980474393096,
      1
     ],
     [
      3.9861123310430173,
      1
     ],
     [
      3.9916555947374786,
      1
     ],
     [
      4.013647448164888,
      1
     ],
     [
      4.018326755501917,
      1
     ],
     [
      4.025113359382397,
      1
     ],
     [
      4.025761162722632,
      1
     ],
     [
      4.028733833026695,
      1
     ],
     [
      4.03401714339122,
      1
     ],
     [
      4.034767227855957,
      1
     ],
     [
      4.058404006900604,
      1
     ],
     [
      4.0635631835594515,
      1
     ],
     [
      4.077190987284319,
      1
     ],
     [
      4.078108547808358,
      1
     ],
     [
      4.103269299214699,
      1
     ],
     [
      4.126113520899632,
      1
     ],
     [
      4.154314224454492,
      1
     ],
     [
      4.163381294313485,
      1
     ],
     [
      4.174518750108343,
      1
     ],
     [
      4.180274768696595,
      1
     ],
     [
      4.188964777008747,
      1
     ],
     [
      4.2170797997326535,
      1
     ],
     [
      4.2363685537975995,
      1
     ],
     [
      4.262691036976561,
      1
     ],
     [
      4.272055252237005,
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
    "name": "review",
    "kind": "category",
    "role": "feature",
    "minimum": null,
    "maximum": null,
    "categories": [
     "again again",
     "again again again again rude",
     "again again early fine late",
     "again again slow friendly early again",
     "again broken",
     "again broken again rude late",
     "again broken early fine quick never",
     "again broken fine never",
     "again broken friendly rude",
     "again broken never",
     "again broken quick fine",
     "again early",
     "again early broken fine late early",
     "again early fine never late rude",
     "again early quick rude slow broken",
     "again early rude quick fine broken",
     "again early slow never",
     "again fine",
     "again fine early friendly fine",
     "again fine fine rude late",
     "again fine fine slow late late",
     "again fine never",
     "again friendly broken never fine quick",
     "again friendly never",
     "again late",
     "again late broken rude",
     "again late early broken",
     "again never early late late early",
     "again never friendly broken",
     "again never friendly late broken quick",
     "again never quick",
     "again quick",
     "again quick fine fine again",
     "again quick rude",
     "again rude",
     "again rude fine early friendly late",
     "again rude rude",
     "again rude rude late late",
     "again rude slow quick",
     "again slow again",
     "again slow early slow broken",
     "again slow fine",
     "again slow fine again",
     "again slow never",
     "broken again",
     "broken again late",
     "broken again late broken fine",
     "broken again slow friendly quick",
     "broken broken",
     "broken broken broken quick quick",
     "broken broken late again",
     "broken broken rude friendly quick again",
     "broken broken slow again rude never",
     "broken early",
     "broken early early",
     "broken fine",
     "broken fine again slow rude",
     "broken fine broken friendly quick never",
     "broken fine quick fine friendly never",
     "broken friendly",
     "broken friendly rude",
     "broken late broken quick rude",
     "broken late early fine",
     "broken late early slow quick",
     "broken late rude fine",
     "broken quick",
     "broken quick quick again quick never",
     "broken rude",
     "broken rude again broken",
     "broken rude rude fine early friendly",
     "broken slow broken",
     "broken slow fine early quick",
     "broken slow slow fine late",
     "early again",
     "early again friendly again friendly",
     "early again rude quick",
     "early again slow fine rude",
     "early broken",
     "early broken friendly never",
     "early broken late",
     "early early fine again",
     "early early friendly fine never",
     "early early slow broken fine friendly",
     "early fine",
     "early fine friendly friendly early late",
     "early fine quick slow broken",
     "early fine slow again",
     "early fine slow early",
     "early friendly",
     "early friendly early",
     "early friendly fine quick",
     "early late",
     "early late again",
     "early late broken late never again",
     "early late slow slow never",
     "early never fine late late",
     "early never friendly rude fine quick",
     "early never never late",
     "early never never slow quick late",
     "early never rude never early fine",
     "early quick",
     "early quick again",
     "early quick fine",
     "early rude",
     "early rude late slow rude",
     "early rude quick early",
     "early slow early friendly again",
     "early slow friendly late",
     "fine again early rude fine friendly",
     "fine again quick again",
     "fine broken",
     "fine broken rude",
     "fine broken rude fine",
     "fine early early",
     "fine fine",
     "fine fine again again never late",
     "fine fine early late again slow",
     "fine fine fine broken late rude",
     "fine friendly",
     "fine friendly rude early quick friendly",
     "fine late early never",
     "fine late rude",
     "fine late rude rude rude late",
     "fine never",
     "fine never early early fine",
     "fine never fine early slow",
     "fine never slow friendly",
     "fine quick",
     "fine quick early friendly",
     "fine quick early rude",
     "fine quick slow rude late",
     "fine rude again quick",
     "fine rude never early rude",
     "fine slow broken rude again",
     "fine slow slow early late",
     "friendly again",
     "friendly again slow",
     "friendly broken",
     "friendly broken again",
     "friendly broken fine again rude",
     "friendly broken fine rude",
     "friendly broken quick friendly early broken",
     "friendly broken quick quick",
     "friendly broken rude quick friendly rude",
     "friendly early early broken again",
     "friendly early early fine",
     "friendly early early friendly never",
     "friendly early rude",
     "friendly fine",
     "friendly fine again slow",
     "friendly friendly",
     "friendly late",
     "friendly late again",
     "friendly late early",
     "friendly late fine",
     "friendly late friendly again late never",
     "friendly never broken rude never rude",
     "friendly never rude slow broken",
     "friendly quick",
     "friendly quick broken early",
     "friendly quick early",
     "friendly rude",
     "friendly rude broken",
     "friendly slow",
     "friendly slow again broken fine",
     "friendly slow broken",
     "friendly slow friendly again",
     "friendly slow never broken",
     "friendly slow never rude rude friendly",
     "friendly slow quick",
     "friendly slow quick friendly",
     "friendly slow rude fine slow again",
     "friendly slow rude rude broken",
     "late again",
     "late again never early",
     "late again quick",
     "late again rude",
     "late again slow rude again",
     "late broken quick late",
     "late early never",
     "late fine",
     "late fine early",
     "late fine late never slow",
     "late fine late slow never",
     "late friendly",
     "late friendly early broken never",
     "late friendly fine never",
     "late friendly late friendly late quick",
     "late late",
     "late late again",
     "late late slow",
     "late never",
     "late never again again quick",
     "late never broken",
     "late never friendly",
     "late never late",
     "late quick broken again broken",
     "late quick early never",
     "late quick late again early early",
     "late quick late friendly",
     "late quick quick broken friendly",
     "late rude early",
     "late rude early friendly fine",
     "late rude quick quick",
     "late slow",
     "late slow fine",
     "late slow friendly",
     "late slow quick",
     "never again",
     "never again broken again slow",
     "never again broken fine quick",
     "never again slow early again",
     "never again slow never",
     "never broken again late late never",
     "never broken never",
     "never early broken early",
     "never early fine",
     "never fine",
     "never fine early",
     "never fine early broken",
     "never fine fine rude early late",
     "never fine friendly quick slow",
     "never fine quick slow broken early",
     "never friendly friendly quick",
     "never friendly never",
     "never late friendly fine broken early",
     "never late never never slow fine",
     "never late never slow quick",
     "never late slow quick quick",
     "never never",
     "never never again friendly",
     "never never broken slow never",
     "never quick",
     "never quick early fine quick again",
     "never quick late broken",
     "never quick rude slow quick rude",
     "never rude broken fine",
     "never slow",
     "never slow fine late",
     "never slow late slow early early",
     "never slow late slow never",
     "quick again",
     "quick again broken fine never early",
     "quick again friendly fine quick friendly",
     "quick again late quick",
     "quick broken",
     "quick broken again again",
     "quick early late",
     "quick fine",
     "quick friendly",
     "quick friendly friendly broken",
     "quick friendly never slow late friendly",
     "quick late",
     "quick late quick",
     "quick late quick fine quick",
     "quick late quick fine rude friendly",
     "quick late rude quick again early",
     "quick never never",
     "quick never quick never",
     "quick never quick quick never fine",
     "quick quick again early",
     "quick quick broken friendly rude",
     "quick quick broken quick again",
     "quick quick early",
     "quick quick rude broken",
     "quick quick rude rude",
     "quick quick slow",
     "quick slow",
     "quick slow early rude rude",
     "quick slow fine",
     "quick slow fine early rude",
     "quick slow fine slow rude",
     "quick slow friendly fine early",
     "quick slow quick",
     "rude again",
     "rude again broken",
     "rude again broken late",
     "rude again fine never again",
     "rude again late",
     "rude again never",
     "rude again slow quick",
     "rude broken early quick fine",
     "rude broken friendly late quick",
     "rude early",
     "rude early again",
     "rude early again never",
     "rude early friendly friendly broken again",
     "rude fine again fine quick",
     "rude fine early rude broken fine",
     "rude fine fine rude",
     "rude fine rude early late friendly",
     "rude fine slow fine",
     "rude fine slow fine rude slow",
     "rude fine slow friendly fine",
     "rude friendly",
     "rude friendly quick never",
     "rude late again",
     "rude late fine",
     "rude late rude slow rude friendly",
     "rude never",
     "rude never early",
     "rude never slow again late slow",
     "rude quick",
     "rude quick early",
     "rude quick never friendly early",
     "rude quick slow slow rude early",
     "rude rude again late",
     "rude slow",
     "rude slow never again slow early",
     "rude slow quick quick",
     "slow again fine",
     "slow broken",
     "slow broken early quick",
     "slow broken early rude slow broken",
     "slow broken late again early",
     "slow early",
     "slow early early broken quick late",
     "slow early late late",
     "slow early slow",
     "slow fine",
     "slow fine friendly again late",
     "slow fine friendly quick again",
     "slow fine late",
     "slow fine slow",
     "slow friendly again",
     "slow friendly friendly friendly late",
     "slow friendly late",
     "slow friendly late again",
     "slow friendly late slow",
     "slow friendly never rude",
     "slow friendly slow",
     "slow friendly slow again broken never",
     "slow friendly slow early never friendly",
     "slow late again broken early broken",
     "slow late never",
     "slow late never never",
     "slow late rude late never",
     "slow late slow friendly",
     "slow never",
     "slow never again slow slow",
     "slow never broken late quick again",
     "slow never fine late",
     "slow never quick",
     "slow quick never",
     "slow rude",
     "slow rude again",
     "slow rude rude never",
     "slow slow",
     "slow slow early rude quick",
     "slow slow late"
    ],
    "missing_allowed": true,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   },
   {
    "name": "store",
    "kind": "category",
    "role": "feature",
    "minimum": null,
    "maximum": null,
    "categories": [
     "S1",
     "S10",
     "S100",
     "S101",
     "S102",
     "S103",
     "S104",
     "S105",
     "S106",
     "S108",
     "S11",
     "S110",
     "S111",
     "S112",
     "S113",
     "S114",
     "S115",
     "S116",
     "S117",
     "S119",
     "S12",
     "S120",
     "S121",
     "S122",
     "S124",
     "S127",
     "S129",
     "S130",
     "S133",
     "S137",
     "S138",
     "S139",
     "S14",
     "S140",
     "S141",
     "S143",
     "S144",
     "S145",
     "S146",
     "S147",
     "S148",
     "S149",
     "S15",
     "S151",
     "S154",
     "S155",
     "S156",
     "S157",
     "S158",
     "S16",
     "S160",
     "S162",
     "S163",
     "S164",
     "S165",
     "S166",
     "S167",
     "S168",
     "S169",
     "S17",
     "S170",
     "S171",
     "S173",
     "S174",
     "S175",
     "S176",
     "S177",
     "S178",
     "S179",
     "S18",
     "S181",
     "S182",
     "S184",
     "S185",
     "S186",
     "S187",
     "S188",
     "S189",
     "S19",
     "S190",
     "S192",
     "S193",
     "S194",
     "S196",
     "S197",
     "S198",
     "S199",
     "S2",
     "S20",
     "S202",
     "S203",
     "S204",
     "S205",
     "S206",
     "S207",
     "S208",
     "S209",
     "S21",
     "S211",
     "S213",
     "S214",
     "S215",
     "S216",
     "S217",
     "S218",
     "S219",
     "S22",
     "S220",
     "S222",
     "S223",
     "S225",
     "S228",
     "S230",
     "S231",
     "S232",
     "S234",
     "S235",
     "S236",
     "S237",
     "S238",
     "S24",
     "S240",
     "S241",
     "S242",
     "S244",
     "S245",
     "S246",
     "S247",
     "S248",
     "S249",
     "S25",
     "S250",
     "S251",
     "S252",
     "S253",
     "S254",
     "S255",
     "S256",
     "S257",
     "S258",
     "S259",
     "S26",
     "S260",
     "S261",
     "S263",
     "S265",
     "S266",
     "S267",
     "S268",
     "S269",
     "S28",
     "S29",
     "S3",
     "S30",
     "S31",
     "S32",
     "S33",
     "S34",
     "S35",
     "S36",
     "S37",
     "S38",
     "S4",
     "S42",
     "S43",
     "S44",
     "S45",
     "S46",
     "S49",
     "S50",
     "S51",
     "S52",
     "S53",
     "S54",
     "S55",
     "S56",
     "S57",
     "S6",
     "S60",
     "S61",
     "S62",
     "S63",
     "S64",
     "S65",
     "S66",
     "S67",
     "S68",
     "S69",
     "S7",
     "S70",
     "S72",
     "S73",
     "S74",
     "S76",
     "S77",
     "S78",
     "S79",
     "S8",
     "S80",
     "S81",
     "S82",
     "S83",
     "S87",
     "S89",
     "S9",
     "S91",
     "S94",
     "S95",
     "S96",
     "S97",
     "S98",
     "S99"
    ],
    "missing_allowed": false,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   },
   {
    "name": "size",
    "kind": "category",
    "role": "feature",
    "minimum": null,
    "maximum": null,
    "categories": [
     "12 kg",
     "15 kg",
     "18 kg",
     "21 kg",
     "24 kg",
     "27 kg",
     "3 kg",
     "30 kg",
     "33 kg",
     "36 kg",
     "39 kg",
     "42 kg",
     "45 kg",
     "48 kg",
     "51 kg",
     "54 kg",
     "57 kg",
     "6 kg",
     "9 kg",
     "<1 kg",
     "<10 kg",
     "<11 kg",
     "<13 kg",
     "<14 kg",
     "<16 kg",
     "<17 kg",
     "<19 kg",
     "<2 kg",
     "<20 kg",
     "<22 kg",
     "<23 kg",
     "<25 kg",
     "<26 kg",
     "<28 kg",
     "<29 kg",
     "<31 kg",
     "<32 kg",
     "<34 kg",
     "<35 kg",
     "<37 kg",
     "<38 kg",
     "<4 kg",
     "<40 kg",
     "<41 kg",
     "<43 kg",
     "<44 kg",
     "<46 kg",
     "<47 kg",
     "<49 kg",
     "<5 kg",
     "<50 kg",
     "<52 kg",
     "<53 kg",
     "<55 kg",
     "<56 kg",
     "<58 kg",
     "<59 kg",
     "<7 kg",
     "<8 kg"
    ],
    "missing_allowed": false,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   },
   {
    "name": "km",
    "kind": "number",
    "role": "feature",
    "minimum": 0.3,
    "maximum": 40.6,
    "categories": null,
    "missing_allowed": false,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   },
   {
    "name": "stars",
    "kind": "number",
    "role": "target",
    "minimum": 1.3662723364217442,
    "maximum": 4.924352311106825,
    "categories": null,
    "missing_allowed": true,
    "unit": null,
    "sensitive": false,
    "reason": null,
    "form": {}
   }
  ],
  "task": "regression"
 },
 "findings": [],
 "associations": [
  {
   "a": "store",
   "b": "km",
   "measure": "correlation_ratio",
   "value": 0.3574,
   "error": 0.0
  },
  {
   "a": "review",
   "b": "stars",
   "measure": "correlation_ratio",
   "value": 0.3238,
   "error": 0.0
  },
  {
   "a": "size",
   "b": "stars",
   "measure": "correlation_ratio",
   "value": 0.1848,
   "error": 0.0
  }
 ],
 "fingerprint": "6202ff9cd7e77f65fa49157b3bcf9df63c63a1942706e722f7d133e6802a9886",
 "source": "memory",
 "duplicates": 0,
 "created": "2026-11-29T21:36:41+00:00",
 "duplicates_error": 0,
 "pairs_left_out": 0,
 "state": {
  "kinds": {
   "review": "category",
   "store": "category",
   "size": "category",
   "km": "number",
   "stars": "number"
  },
  "sums": {
   "names": [
    "km",
    "stars"
   ],
   "shift": "Rbbz/dSYJEBW8oNmE0IIQA==",
   "n": "AAAAAAAAeUAAAAAAAAB5QAAAAAAAAHlAAAAAAAAAeUA=",
   "x": "AAAAAACAXz0AAAAAAIBfPQAAAAAAAD69AAAAAAAAPr0=",
   "xx": "9bnaivky00D1udqK+TLTQLzGGBluTnpAvMYYGW5OekA=",
   "xy": "9bnaivky00D09XM4yDcxQPT1czjINzFAvMYYGW5OekA="
  },
  "gaps": {
   "names": [
    "review",
    "store",
    "size",
    "km",
    "stars"
   ],
   "both": "FAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  },
  "hashes": {
   "level": 0,
   "hashes": "j66ssP9iilmQI42sgKcg/N7i9sbp1WrvKoM/yofbeKiqpiidj3yxz9ughAw0us3spIAxFQzC9dOiNTNziD0jDOGd6fqpgWX0YaTWDxZ+bT7PwJYVXeYcpTPHtNdwfK23jJoOFHXhKQZVE7VFyErHdTLyQ3Rj/4pB2pSapMo+jjvAe5EXdAumV9VksdjE3vXur9qtIvYQVV8nFQWCLT+97HjW8+DgU1Q++Um/+Dyyg8Yr5K2sgIGO1mSDYXPslwrg2ljknCIC8IG9IwWAyZ7xnaFfYjATaFSDPC4ZMuhYcr8IDgDrIDzXYdS4x0XGLJCXYTTryRf4LPuiaqk+JWCBdX7qsTqSDrbOhzfp9HLJmpUx8KXrNRAKtW4EUwJz+TfyfNGVrtf9YqmUlKeN9e/VD5MJartaqcqWXHr0cYRMUvGyyFNEP7nadhz8df0zkSuy43An5Q9jZoqrx2PZFvboEwqKEf03LEBUt/V1VCzZq/q5QnonlOzxonZNxW1qZWU+WmGv8KL7unNnnQF5KV0YKFCIQgu2wbnyO8ySAJSY06LEQ4TTf9ysUCY01KnqSlBf4ZYvu8thL7ShZYgmmuh+1QP1jH/zFnwUpP+3ReGCZpfyKI60VS29/NkJcH4nmvXE948zqPPUdiwV6xpX36KlQmQ1ItfaZChS35F4eYuD4Nz9gN31OVbocvv6efzGMvRBCmCJ77y5f0tqz0d2k8GQquwz5e+jH2lKyvhJ8NumgdXEkoJcwnp36jSR6QAVr8wIkYQdIRUjugJAdaWqhSfotpTAibnmqoYgsKyLEj126RjOeV7i3SAm42SmY7Bl10LmyEs0dalZtOBvTU261CqfjUQVbtlVxWvX/StpgWWYgFNjBWZCC+1yaPoY+mnwSPkJRaScT8cB3K0rleWojrqKPtQ0rs8oO3nz/fEFz8gyWL9Y6BQRDJ4vkwyX9lonzmH2ShQ+bYy5o1kGsgIrGYsHbxaMGyp9kbX9OICYojcRyCQbLyQ5U14p63YmLAlNHAkDSEbt+X/0/ozsRPOWxypZXrqySrzbsAMYT1Z+nTBVsbxIMw0PVJ54HDFTOIq7uY6hH0AWqCvVQEq1fbXhI2pmEAsIGs3c32akj+p05Oo+iTvFP9mtjbSS5JTSj9QNDtMe2qQLB/SsbZ81J9F/xDm9sZZfvDaW+6zQ+ZQQKuaQGvzzH8i2oKviJ2ikgFUtvjysP1cWIUDN8b/bLmOZHHcqEb1fwYq65tUIDC6qRPMA0xTfxPFPmnM4grWcikT7lJZIV//5qIXxcVw59P9RrC0IQqT+ylQcMXLhuRyijAdTFzUk+nzUuJ0X4QtOnrjGVoQ0qpQ5pWrsWWefpAoXscRmvYPu/WTIJkSYqaDy779Olb105BhsrM5g3LHBtNWNvlrkcJHKE2ykLXgIHTTZ5WqTk2uI1b+7U1bmPJZoN4keGtch2v/rg4CeQTqhOKroNMcMcddGgWewbadOVlL6wDdfVDjapHTOGgmAmf9pHA9FRLuiQDO2Ee3ufn+BtLcgM4GheA980gqqZMO9aBRopj8RUxgmF1D7QTRg9U/i4duvqrTpvHtZ4d+rQXJvfB0GIL5X2CMw54BWMqOPT8Fcx1IL1y/qr/nO80jrA38O76pZ8vDxqapc4hj3TExXPCmgyLyNsMNYnJeXcbtXriJCF0bm90jKX/x41kEM5A3df/bLuzgEcGnXd058eZwlD7PLs37dowNmejToq+JJHVio6z9qsYSjFfRjW1eVdCGnoGTGqn8ayQ8gujvAqW5+iO1CnweukuuPEFmLjCl4PswiGNZgg0Nv5LItV6aSsNYk6rz7Xi6qHSMjXGj/ttOtZJ4ThRqx1Q34w8Yz78Kj5Dl0lqteRBf+aC5lS62WiqkIrKKEUgceGQh7TbHWy6oRLvbB+pgEFEWYoP9RcxX10jQJmRtApay3K2/ZCUAQmWhXT/j3g+l/GnNRZlSob8VX0vZJVMmxoCvuBQQ4JUai7jXJ6s9fd7cNuGVemlcAY14WPzJbNQPTVbUxBSQYmqlzgUQVZEY7WP9c0Jv0qQL9Akq8+j3lLoFrTSlEdaUmSA/fnPpoTWhMztTKCT00JA14puRew3pOOIzigRFPryYT3wtkGcQOeIhhdjPBBUDeODH2UNcoFqvgkK1f7QV2HyxDLSxnNvvRM+zPy86nOQMwDGa1LZTPO27TBBsNmPW0dVgU7NlA7dQjGuYWWAAsKyl1N+c0wNG5NmLFqwzB/ygmYXbavgybwgyMWxE1TZF4eXYHaX7xGkPL4uEo3G3vfUONqs1ICcldain7MJOsP0BnL7JrklP/jVf8wB9rm/Q53/krQF3twYuBl2AJNIaYXDbuNO4zBeZ4Cag8HLMGQ/+qBP6iXMSzwGrOh4qXRcLI2Ai7toj2Wc3zvk+A54TAuF4CIr8ZEPNaxncW3q2adO1mZvQX/JIkJxKSwGKrHOX5naqJfmwotT7HZxn99ykTsqbzHN1OXZU1FGHSk/A/FFLM/V3G2/oNaFE6zyOwzZUSuSTB7Hw9u0cal/9Jo+QkbXbT1s/s0Xh5LO9D3Ddy4uf7a05oGAdJ7S1LwxMkaJ2nXBmpwwWbV9qNZMJgA0MP0j1C94u8iJ4MJdUkzfahzjXVTvzO/rSFpGOs/7b+1PVDF1nMn8AZQz9LqxH2T7N/lZ/4IOrmpmDNEB4P48zK6xw+OJtqSxf46kMIY78zwo56ZXsmqPdUxxziwVw0DPxGeXya6+u7FPWXuS8L2HxVw5z8CgnKTkKQibDXE/6bG9NtD6A9QsCf1LLo5GoczIOT1hd3+JbUynn5BcVlEI6h3aYV/Ur2hrnSFDiR6OxTHGQd4dWzmfYFTB6W/FSXjMpE2uyJ8/BafRVdKfRXPky7QTzLf7NtWyz/fFzyClpOYX8J61gGef8985PCHlyWgl7NrblLPwLsY1BziIABv8dqZA1zJOjoSBUjmRCMsi/9o1oal/+4Z3tlW/sXij6UdV9mQe6rtIsTsmCQ4CmLy9oM9Cq847V0YSy3QAzxxH+h0VcY89XeRykdvmBWKz7V7NRJDT+OldoBGeQ5dV7K8+b8gNmbmkcYMeuRNCda2bkKbmMT3+ESvcav0UWs9yVmsCF3/2ksnTqCqxQlFizEXo5LHIuKtiLJ66pX1a19e/FJaVwnDrFwZBFwmDksOvnD6ytrHaiXunb/taQPmG8S9By/bN8CkM5jPdLml9Hpvts0VMImGp0/ec6AQmsT29Jz7TORTlk136FLwmHxNYPacxe0j8dzBDzyQN1ABnbmt2ug1scG9rNZHrZmFxLq65rAzfV8/lyrUXhNjkJYbQBB+P+p/pj/Cw+EaoX+E60D031z7gsGiXbH2TJY3/lwUQ7Kb3VSy9ox5RU9lVhVYVOd4iO2J52L3wOznU6mnkX3u2jfNV3TkXXkZlVMMnIPEDP09k2aqeMRlcPDj3ZVWNx0ORQi/lePGAWH9mkZchxDZlp+UYyDV31r5Opo5zB4fr9rhYbHbFA9AdtTqRPEbrLMl66dRBsb+jM4HbjqaQTqSU1Ii540wc63dxd7Dw1G9reO1mgEwQ/902D7paG7DVlUeydRrobMRLC3qDevLTZPLQ4zjdO4m31Yek3k2SJfUVh8WnqiWm/gtp/oOEau7ZIXSWXSTOzK3bOT6DvIBsxTimo3NKdgX7YQTXpg93AbNwUMSyLR7PYY0aI9Zp1ff8sjmPe+1/NXmIREbCEdmxH6jPLo7mrqjowQpNS3G8T+8aLYwWuVcZLReH2/hMoXuzEvypvrsqyrdddktNhnZro4QldO5ddag/vcZKEjemDAtitryJJOvhIEyxQqmkan4FhVf0hXSfBMBLgGMqRiB5NjCSJrnhKIC1p8CEJrBIS9YalDCT8H4zRXaFiKj0KwlA++u+LxnBZPZRZb/dWEK0RNaUFFVgVcty5CQOH5S2Ddz8zT5N7vsfrCDKJ5Hq2+LogqafLVk520LZX/dLypoqZ7HOWRVmLHxTiBfAlFOgQz1bge/V+VbNrJqJzHvD9wkm3tLOxNMV8/u1md+7tutSPlm1KN+a/PLs0ZYQRbTIIQCb1PwQ6B3VL4slo9s4X6fLgIxq3WYxU5Bd16za0dzHv5HCizNskoLyxPwEThJ3KwUi6IxYRW/z5xZD3W/G1O2ljg2O6w4MKDnHPcDoU+V0+dyJKsZUo8Z8djOa3A/gXBRfERMNqmJFS8ObG/Rr9eZcXSc5+zmnCZ+ZbNpmDpetORXZftiu99jf4ecXPQtao="
  },
  "hashed_by": "polars 2.1.0",
  "checksums": {
   "review": "7186dab16804bbfd",
   "store": "440f09eb4802f1d5",
   "size": "171a86c657dfba7b",
   "km": "b806e3a6c098122d",
   "stars": "b6d200be486fbc50"
  },
  "sample": {
   "at": "AAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAAAABgAAAAAAAAAHAAAAAAAAAAgAAAAAAAAACQAAAAAAAAAKAAAAAAAAAAsAAAAAAAAADAAAAAAAAAANAAAAAAAAAA4AAAAAAAAADwAAAAAAAAAQAAAAAAAAABEAAAAAAAAAEgAAAAAAAAATAAAAAAAAABQAAAAAAAAAFQAAAAAAAAAWAAAAAAAAABcAAAAAAAAAGAAAAAAAAAAZAAAAAAAAABoAAAAAAAAAGwAAAAAAAAAcAAAAAAAAAB0AAAAAAAAAHgAAAAAAAAAfAAAAAAAAACAAAAAAAAAAIQAAAAAAAAAiAAAAAAAAACMAAAAAAAAAJAAAAAAAAAAlAAAAAAAAACYAAAAAAAAAJwAAAAAAAAAoAAAAAAAAACkAAAAAAAAAKgAAAAAAAAArAAAAAAAAACwAAAAAAAAALQAAAAAAAAAuAAAAAAAAAC8AAAAAAAAAMAAAAAAAAAAxAAAAAAAAADIAAAAAAAAAMwAAAAAAAAA0AAAAAAAAADUAAAAAAAAANgAAAAAAAAA3AAAAAAAAADgAAAAAAAAAOQAAAAAAAAA6AAAAAAAAADsAAAAAAAAAPAAAAAAAAAA9AAAAAAAAAD4AAAAAAAAAPwAAAAAAAABAAAAAAAAAAEEAAAAAAAAAQgAAAAAAAABDAAAAAAAAAEQAAAAAAAAARQAAAAAAAABGAAAAAAAAAEcAAAAAAAAASAAAAAAAAABJAAAAAAAAAEoAAAAAAAAASwAAAAAAAABMAAAAAAAAAE0AAAAAAAAATgAAAAAAAABPAAAAAAAAAFAAAAAAAAAAUQAAAAAAAABSAAAAAAAAAFMAAAAAAAAAVAAAAAAAAABVAAAAAAAAAFYAAAAAAAAAVwAAAAAAAABYAAAAAAAAAFkAAAAAAAAAWgAAAAAAAABbAAAAAAAAAFwAAAAAAAAAXQAAAAAAAABeAAAAAAAAAF8AAAAAAAAAYAAAAAAAAABhAAAAAAAAAGIAAAAAAAAAYwAAAAAAAABkAAAAAAAAAGUAAAAAAAAAZgAAAAAAAABnAAAAAAAAAGgAAAAAAAAAaQAAAAAAAABqAAAAAAAAAGsAAAAAAAAAbAAAAAAAAABtAAAAAAAAAG4AAAAAAAAAbwAAAAAAAABwAAAAAAAAAHEAAAAAAAAAcgAAAAAAAABzAAAAAAAAAHQAAAAAAAAAdQAAAAAAAAB2AAAAAAAAAHcAAAAAAAAAeAAAAAAAAAB5AAAAAAAAAHoAAAAAAAAAewAAAAAAAAB8AAAAAAAAAH0AAAAAAAAAfgAAAAAAAAB/AAAAAAAAAIAAAAAAAAAAgQAAAAAAAACCAAAAAAAAAIMAAAAAAAAAhAAAAAAAAACFAAAAAAAAAIYAAAAAAAAAhwAAAAAAAACIAAAAAAAAAIkAAAAAAAAAigAAAAAAAACLAAAAAAAAAIwAAAAAAAAAjQAAAAAAAACOAAAAAAAAAI8AAAAAAAAAkAAAAAAAAACRAAAAAAAAAJIAAAAAAAAAkwAAAAAAAACUAAAAAAAAAJUAAAAAAAAAlgAAAAAAAACXAAAAAAAAAJgAAAAAAAAAmQAAAAAAAACaAAAAAAAAAJsAAAAAAAAAnAAAAAAAAACdAAAAAAAAAJ4AAAAAAAAAnwAAAAAAAACgAAAAAAAAAKEAAAAAAAAAogAAAAAAAACjAAAAAAAAAKQAAAAAAAAApQAAAAAAAACmAAAAAAAAAKcAAAAAAAAAqAAAAAAAAACpAAAAAAAAAKoAAAAAAAAAqwAAAAAAAACsAAAAAAAAAK0AAAAAAAAArgAAAAAAAACvAAAAAAAAALAAAAAAAAAAsQAAAAAAAACyAAAAAAAAALMAAAAAAAAAtAAAAAAAAAC1AAAAAAAAALYAAAAAAAAAtwAAAAAAAAC4AAAAAAAAALkAAAAAAAAAugAAAAAAAAC7AAAAAAAAALwAAAAAAAAAvQAAAAAAAAC+AAAAAAAAAL8AAAAAAAAAwAAAAAAAAADBAAAAAAAAAMIAAAAAAAAAwwAAAAAAAADEAAAAAAAAAMUAAAAAAAAAxgAAAAAAAADHAAAAAAAAAMgAAAAAAAAAyQAAAAAAAADKAAAAAAAAAMsAAAAAAAAAzAAAAAAAAADNAAAAAAAAAM4AAAAAAAAAzwAAAAAAAADQAAAAAAAAANEAAAAAAAAA0gAAAAAAAADTAAAAAAAAANQAAAAAAAAA1QAAAAAAAADWAAAAAAAAANcAAAAAAAAA2AAAAAAAAADZAAAAAAAAANoAAAAAAAAA2wAAAAAAAADcAAAAAAAAAN0AAAAAAAAA3gAAAAAAAADfAAAAAAAAAOAAAAAAAAAA4QAAAAAAAADiAAAAAAAAAOMAAAAAAAAA5AAAAAAAAADlAAAAAAAAAOYAAAAAAAAA5wAAAAAAAADoAAAAAAAAAOkAAAAAAAAA6gAAAAAAAADrAAAAAAAAAOwAAAAAAAAA7QAAAAAAAADuAAAAAAAAAO8AAAAAAAAA8AAAAAAAAADxAAAAAAAAAPIAAAAAAAAA8wAAAAAAAAD0AAAAAAAAAPUAAAAAAAAA9gAAAAAAAAD3AAAAAAAAAPgAAAAAAAAA+QAAAAAAAAD6AAAAAAAAAPsAAAAAAAAA/AAAAAAAAAD9AAAAAAAAAP4AAAAAAAAA/wAAAAAAAAAAAQAAAAAAAAEBAAAAAAAAAgEAAAAAAAADAQAAAAAAAAQBAAAAAAAABQEAAAAAAAAGAQAAAAAAAAcBAAAAAAAACAEAAAAAAAAJAQAAAAAAAAoBAAAAAAAACwEAAAAAAAAMAQAAAAAAAA0BAAAAAAAADgEAAAAAAAAPAQAAAAAAABABAAAAAAAAEQEAAAAAAAASAQAAAAAAABMBAAAAAAAAFAEAAAAAAAAVAQAAAAAAABYBAAAAAAAAFwEAAAAAAAAYAQAAAAAAABkBAAAAAAAAGgEAAAAAAAAbAQAAAAAAABwBAAAAAAAAHQEAAAAAAAAeAQAAAAAAAB8BAAAAAAAAIAEAAAAAAAAhAQAAAAAAACIBAAAAAAAAIwEAAAAAAAAkAQAAAAAAACUBAAAAAAAAJgEAAAAAAAAnAQAAAAAAACgBAAAAAAAAKQEAAAAAAAAqAQAAAAAAACsBAAAAAAAALAEAAAAAAAAtAQAAAAAAAC4BAAAAAAAALwEAAAAAAAAwAQAAAAAAADEBAAAAAAAAMgEAAAAAAAAzAQAAAAAAADQBAAAAAAAANQEAAAAAAAA2AQAAAAAAADcBAAAAAAAAOAEAAAAAAAA5AQAAAAAAADoBAAAAAAAAOwEAAAAAAAA8AQAAAAAAAD0BAAAAAAAAPgEAAAAAAAA/AQAAAAAAAEABAAAAAAAAQQEAAAAAAABCAQAAAAAAAEMBAAAAAAAARAEAAAAAAABFAQAAAAAAAEYBAAAAAAAARwEAAAAAAABIAQAAAAAAAEkBAAAAAAAASgEAAAAAAABLAQAAAAAAAEwBAAAAAAAATQEAAAAAAABOAQAAAAAAAE8BAAAAAAAAUAEAAAAAAABRAQAAAAAAAFIBAAAAAAAAUwEAAAAAAABUAQAAAAAAAFUBAAAAAAAAVgEAAAAAAABXAQAAAAAAAFgBAAAAAAAAWQEAAAAAAABaAQAAAAAAAFsBAAAAAAAAXAEAAAAAAABdAQAAAAAAAF4BAAAAAAAAXwEAAAAAAABgAQAAAAAAAGEBAAAAAAAAYgEAAAAAAABjAQAAAAAAAGQBAAAAAAAAZQEAAAAAAABmAQAAAAAAAGcBAAAAAAAAaAEAAAAAAABpAQAAAAAAAGoBAAAAAAAAawEAAAAAAABsAQAAAAAAAG0BAAAAAAAAbgEAAAAAAABvAQAAAAAAAHABAAAAAAAAcQEAAAAAAAByAQAAAAAAAHMBAAAAAAAAdAEAAAAAAAB1AQAAAAAAAHYBAAAAAAAAdwEAAAAAAAB4AQAAAAAAAHkBAAAAAAAAegEAAAAAAAB7AQAAAAAAAHwBAAAAAAAAfQEAAAAAAAB+AQAAAAAAAH8BAAAAAAAAgAEAAAAAAACBAQAAAAAAAIIBAAAAAAAAgwEAAAAAAACEAQAAAAAAAIUBAAAAAAAAhgEAAAAAAACHAQAAAAAAAIgBAAAAAAAAiQEAAAAAAACKAQAAAAAAAIsBAAAAAAAAjAEAAAAAAACNAQAAAAAAAI4BAAAAAAAAjwEAAAAAAAA=",
   "priority": "UDj7ef1h5D90tiB+L0TRP9CbnVJ7+qQ/wAtN2J7skD/KmwVPTwbqPwPINC9LNe0/th0wbo9p4z9TEP8rCVjnP4879DxgZeE/1+rxAB3s7T8G4KjpeBvqPwDSdxUNb2Y/3pzsF9tv6z8gzxvnIDKhP/p5+GBWWec/kFzsJOJ7xj9v20JnKZ/rPw+1IHumU+E/RCUFyHou0z+0yd6zTg3bP4DqnPXU/5w/yF4BYAfRvz/dQyBVwXXlP9zRUMfGteQ/zDsIHjyx4z9G5vBMLI7YP96/rs8k6e8/eMLZygBj7z8OJWy+9e/lPzhn3viP0OQ/1OMacMEH5j9aDi2vFuTYPxwFcJ/XSsE/YIYyt24W5z8tDjves8/gP9IGWL0A29M/whFbMO0X3z+WANcwr3bsP5RVQjqv4+0/iAEi0x3m1j8Uh3Xt+EniP3ZLEBOCmdQ/OgY3f4EE4z9kSKBnVqDVP6Su8CNJENk/aYBKoyB97D9cyKEBgBPNP4Datiom8eM/iG0MkQeCtT+FEexWBaXqP73TLMroL+k/9IGobKijzj+DVVmoKAzsP/CZKCSh/K0/+vWqIfGC1T9QbcmJWzzDP+gK9zRc0tw/yaM8CX176T+oSFoUr4XNP3C1iDWJoqo/bHxkZi3k2T8Ikv8c4GjJP3BP8nKXO7c/B/FTORWS4j9QiHli1h3TP8zd/Gb7gOU/hPhx2biJyT+FQ9hkyiXuPzQcAwr3Xdc/gPKiF70Buz9wUhBrpyHkP5VyeAZAq+0/kDpaqSMv3D+8LO9cAYzuPziHzAJL/t8/dDBDH/I22z8BQJ7hydjjPwEwS6DU1+8/+lEzIL9d7j+UCwErYXHdP/O3OpBQP+g/UhRaAMbV3z+fci0OIPDgPy9exw0oJek/LvkEsLiJ2j8BBQmx44DnPzf6d7WuweY/P5X91W7T7T8oRS+dOWy9P0s8xIIXVOc/4wxf8nSt7T87YlVYQPnuPwBZ+NZWHo4/ydDjivCi6z+uogIk82XvP9p5Gj53oe4/DB+u+7IKwz8nilB2xh/vP0jAayFaeuw/WUjM6uJQ6j9ssc5EH7jePxjWKVVlvs0/4pCcdQGp6T8QeCQfj43tP2Yk/kNHCNE/SKXtXvM+4T/UDSr2D1bcP6LChNPkyu0/gFFi59G9pD/LDtpBmGznP17dZRXyqOM/YLYBbs8LnT9BrV0v2QPnPyCqPc0iYJA/v+vidSJB6D9kx2T7hGjgPzDCXMY4u+0/8JZEUsjqsD8B1i83EuzqP1Dpn66YErE/ZpypuCwJ1j9Mek6xA4rbPwHyWwb76e4/hYPkoc394T9mvHDMPJHQP3TmItQ6784/MrXGHHdr7D/I+xsYSunMPwgdIDTR4r8/btLx2AJ00j/JqVkohcHiPwh4OwEcu+E/CnS4kibp6T/984FDa+/hPwYZ3UB+ddI/1PQcyORs2j8Jvc8HDC7qP3Nq2kdXDOQ/rbq2mMOw7j8ewyhmUqTXP3igolX+ruE/MGjHU20B4z+Y0qCaMyXrP2DneHzgnsI/+Gx07kME2j94VaFBYh7tP2C/4fvcDKY/1vzyHpxT6j/ujPLtppXaP3CEWxbBjeo/gCroiA5jhD/sikaP6lzXP4AUHB4ZIbQ/vkfI9jfi5D8gjKFevobRPzJq/jEgfOY/HU3UDJ8z7j/MjGT1ijvAP7YuIYhDrOs/YNDQ1BVyrj8QgB5Ei17YP/qWWxBrgds/BhsUnE9J3z+nuk/pLT/vP+cqllN20ug/qIMArFHE0z8A9T6CAUXRP5xRMEOunus/a2+UGasz7D/CQmUrtVfgP7KtKPbwCNY/v18S6FzW7z/gI69GazjUP1wvCIYeY8c/ZLQIicMp7D/WqwjOpv7pPz/DSJpZX+U/SNyQEFOr7j/pH1ItdJ/tP47IXtim8ec/rBu0rt2K6z/gi38fgaLPPxwBSP9dFMI/llsjjCVx5T9zhYGxJ97mP3gS6Yj9YcU/ZIvrc89Q2T+Lllyz0CDtP+16Er7+9uE/Eb0WUrqB4j+IeN+QPtnIP2oHWZws1eA/NQ94L/q/4D+wek5yfMS2P8/PMBUTbO8/jSUhbd9I4j+AYCdXM0B6P+dkUdGKueg/ibr35fNN7z8x7hAcN+DiP+LPPfepddQ/SDVmuUAAyD/VlEuTVoXlP/AwyntH+cg/jBm1UWt84j96dN0Xi0XjP9VMvIMrzO4/cGsW+Pl/sj+kKaADjv/fP6jCUYSlz+c/CF0op12vxj/8hmvYFdbYPygC7lzrGbA/tLFWgWo65z8IYkXL9He2Pw5elLsuSdk/YVefu+Xz6z8eyg4xKzreP0Qy0+kyNO0/PFKEnWSC6D+Xmz15VUrtPzR2o+a9TsA/2AOYwATVsj9YRyG/5gCyP6W/ZoWnzes/d4YVIE1K5D/KED+k1MffP7QeBZz97sQ/UlQobTmP5T/q2RaaZVrUPwWXgyCHv+Y/KJGBMnZ23T9U0tduMT3gPyT89RHxROk/UJI54Cq+tz+gzYGNMIXiPwjMIaj+Psk/qYT3mkHc6T/8FH3iQEnfPyq5UGVko+8/9HlA1q9qxz9DLwiEDdHuP/th4cMcoek/nnBp0/jM3j8HrPqWeAjqP3YUjsmJSuM/PnAYc8D25D96iQ9p9DztPxD/4d+PtbA/6YGRLjm46j9UZ0VCp2/YP3yOoEe91dQ/XUA2OxHP7z/HpEs5g//oP2Z/h/kBE98/zFdA+VcM2z/ocgCAtxTsP+gp+Nx/ObY/Si0a0F2r5j8PoIkywUDpP0DLPkkEk+k/cFKsf1ig1D84aJN0EX7pP6B4W/iP18w/Zl6arw0w1z/IdmxJeLfaPydsrQc7U+E/8FGUyj/UvD9YMrvJbgvaPwBA6yy+tDM/6+lth/fR5z9Ke+lFkULrP/iMGWWDyME/4YPMu2mF5j8Vlun7eUbqPxOrIDsja+8/FoLBEFUA6z/sOUCHjyTbPwfnaSKcWe8/2vS0V+Eq7z8RRC0vHx7gP6MSUOo7HOg/90oQfig+7T/0SIyRMXneP2LlBwsjpOs/P2Xk6z9z5j/gW7qup8/SPw7vSH6bkOg/B+xyvQxD4j/QV+JoPAa4P/550XxgDNk/mN/q6LDgsj/o95z/hHneP8jtgGQxbds/5oTppoMe2z/tx4n1+MLiP0gb+7SnaL8/nihJVm/h7T83fOnDvePlP78+K7lqXOo/Lbtyf5iy7D+FZpTNjqriPwAl+o57l6Q/kdwjBIDE5j98d1S1dTXiP2i9I9c9buo/Vnq5ZnUH4T9SIyh7GAbqP/6xUCGC5+8/LvSRcn1v1j8M3ebRB+TFP4qZlC0zEdk/ID3XSvwY6D/IdXKqUxzcPy+x84UC1OI/jNTiS0hNwD88LopfZzznP2LpDL3e7NE/jEH9/SdmyD8q8L9QSZ3rP1z+BHqrD+I/ErgU2gcC3z+qg5MOKsPsP4Bp7jfpBLY/SrqlsuVG5j/IMQ1uqf3UP1jwyqHTc8Y/PtKfVvOX5T/uik6PeTjXP0R76WgDHdU/MeVztpsy7j9gx66nm4LJP/8kyQK6Y+A/YBE5nuqWmD+IU1LgPunEPwIoNF33ROw/jTAGE4RB6T+0FmGpmNHhPzxhVVZaecw/nQJZdRHZ4T/AA1gjR+CIPylP5ATY0OY/xwWNH5/v5j/ewP6cZqzkP6u79yQWkOM/WNhMgxTfsj/8ek4VO4rPP67egxJOYeI/MAwnIVs62T8AJnR/p77vP3hDeGxSj+0/ZK8Itf50wz/veGsJ9eDiP6tB9uZkR+Y/sAd0LUF6wT+o+UoskQHUPxBeZYvM6OY/Ei/to+DV7D9yKJKQHN/VP3RCpiG1lc4/UOb6vR5M6j9+dgmZLbjiPwI6OLlsgN4/gsI5D8Nk0D/g1DnPvJmyP6Cihu4gUpI/MbLFnx2P4j/UZjgrTXbIP8Vn0O+QN+8/qLT7rKCDuz9iNDDQBe/cPyzPXSobQtk/fB5r5mG8zT+ftfKQzvXnP7dCrbo6meQ/VspDLmg55z9wxE1d8TK1P7jnkh5Zk9Y/E6G0+Hii4D+GUTUzZk/bPzD9xTfTy6Q/UJqpQuTVyD+UO8xUpD3uPwBPkbEVz8Q/eQ/NQANE6z+FQmCW8k7qP2Licfj0Ctk/hr4C/Mff3T/vcPYJOV7qPzISZbAuyOU/xcEROz7I6j8xuvYxOz7oP51bm13lHuY/wJ7seBU37T8g0fGfb1TqP0ApjbGG68Y/HIPxCHTx5z/IcvNHvzC2P9APN4g6Qds/zND8BmJk2T8=",
   "columns": {
    "review": {
     "kind": "category",
     "levels": [
      "quick fine",
      "fine broken",
      "slow rude",
      "late late",
      "never again",
      "early broken",
      "early fine",
      "rude never",
      "late again quick",
      "quick again",
      "broken rude",
      "late slow quick",
      "never never",
      "friendly broken",
      "friendly friendly",
      "broken broken",
      "quick broken",
      "quick slow fine",
      "early quick",
      "broken early",
      "broken again",
      "late fine",
      "again rude",
      "fine fine",
      "again rude rude",
      "never late never slow quick",
      "broken again late broken fine",
      "slow early late late",
      "early again",
      "friendly rude",
      "broken slow broken",
      "early never rude never early fine",
      "slow friendly friendly friendly late",
      "quick again broken fine never early",
      "fine friendly",
      "never fine",
      "quick never never",
      "fine late rude rude rude late",
      "again broken quick fine",
      "never early fine",
      "quick slow early rude rude",
      "late fine early",
      "quick quick broken quick again",
      "rude late fine",
      "never late never never slow fine",
      "friendly broken fine rude",
      "friendly again",
      "friendly slow again broken fine",
      "friendly early early friendly never",
      "again fine fine rude late"
     ],
     "values": "GRobHB0eHyAhIiMkJQAmJwUoKSorLP8tLi8wMQYHMjIyMjIyMjIy/zIyMjIyMjIyMjIyMjIBMjIyMjIyMjIyCDIyMjIyMjIyMjIFMjIyMjIyMjIyCTIyCjIyMjIyMjIyMjILMjL//wwyMjIyMjIyAjIyMjIyMjIyMgEyMg0OMjL/MjIyMjIyMv8yMjIPMjIyMjIyMjIyEDIyMjIyMjIyMjIyDTIyEQr/MjIyMjIyMgIyMjIyMgsQMjIyMjIy/zIyEjIyMjIyMjIyMgIyMjITMjIyMjIyFDIyMgD//zIyMjIyMjIVMjIyMhYyMjIyMjIPMjIyMjIyMv8yADIyAzIyMjIyMgcyFzIyMjIyMjIGDDIyMjIBMjIyMv8y/zIyMjIyMjIyMv8yMhQyMjIyMhUyMv//MjIyMhYyFzIyMjIyAzIyMjIyMhIyMjIyBDIyMjIEMv8yGDIyMv8yMjIyMjIyMjIyMjIyMjIyMjIyMjIDETIOMjIyEzL/MjIyMjIyMjIyGDIyMgT/MjIJMjIyMggyMg=="
    },
    "store": {
     "kind": "category",
     "levels": [
      "S63",
      "S42",
      "S45",
      "S213",
      "S231",
      "S211",
      "S7",
      "S230",
      "S244",
      "S3",
      "S1",
      "S70",
      "S188",
      "S257",
      "S222",
      "S241",
      "S89",
      "S32",
      "S72",
      "S104",
      "S182",
      "S261",
      "S6",
      "S245",
      "S203",
      "S121",
      "S21",
      "S62",
      "S145",
      "S12",
      "S251",
      "S175",
      "S157",
      "S176",
      "S202",
      "S156",
      "S246",
      "S113",
      "S248",
      "S57",
      "S16",
      "S50",
      "S68",
      "S168",
      "S139",
      "S235",
      "S55",
      "S237",
      "S46",
      "S18"
     ],
     "values": "MjIyEDIREjITMhQVFjICMgMyMhUAMhcyMjIEMgUGMjIyMjIyMjIyGBQyAxkyMjIaMhsyMjIHMjIyCAkyARwdBjIeMjIyCh8yIDIyMjIyMgEyMjIyMhUhMiIQADIyMjIyCCMLEzIyMjIyJAwlJg0nMgsoMjIyMjIyMjIEMjIyMjImACkKDAgyMjIBMjIqMjIHMgAyBjIyMjIyMjIyMjIyMjIyHzIrLC0yMjIyMjIyBA4RMi4tMjIyMjIsMi8yGzIyFjAoJjIyMjICDjIyMjIyMjIyMgcFMjIyKDIyMjIWCTEiMisCMjIyMg8yLTIyMjIyMjIHLzIyMhgkITIcMjAwIx8PMgwEMhkXAQ4yMjIyDDICMSkYEzIyMiwyEjInEjIyMjInMjIdDiAhMjIPKgAlGi8yCx4yMjIkMgsyKjIyMjIyGTIbDTIRMjIyMjIyMgUlAzIyDTIyHDIyKTIyMjIyMjIyIDIyMhAyFzEBIzIaMiIyMjIuCQgyAzIyHTIJFAoyMgYKBQ0yKzIyHjIyMjIuDw=="
    },
    "size": {
     "kind": "category",
     "levels": [
      "<25 kg",
      "<53 kg",
      "<10 kg",
      "<26 kg",
      "<38 kg",
      "6 kg",
      "36 kg",
      "<58 kg",
      "<31 kg",
      "<50 kg",
      "24 kg",
      "<40 kg",
      "<44 kg",
      "51 kg",
      "<37 kg",
      "<22 kg",
      "48 kg",
      "54 kg",
      "<11 kg",
      "45 kg",
      "<49 kg",
      "<7 kg",
      "27 kg",
      "<55 kg",
      "21 kg",
      "<20 kg",
      "<41 kg",
      "<5 kg",
      "<32 kg",
      "<13 kg",
      "57 kg",
      "<1 kg",
      "<16 kg",
      "3 kg",
      "<46 kg",
      "<17 kg",
      "<35 kg",
      "<43 kg",
      "33 kg",
      "<34 kg",
      "39 kg",
      "30 kg",
      "<47 kg",
      "42 kg",
      "<14 kg",
      "<19 kg",
      "<23 kg",
      "<8 kg",
      "15 kg",
      "<2 kg"
     ],
     "values": "FwIYBTIJAwIZHDIKIgUdCxEwDCMNJCUeAQQeGh8YIAARHiYSFx8yJxgTCRIgMQABFAAKGSgGMhcdJgcEMg0CMh8VGxUKCw4cARkyGxgSKQEKCzIdDQEAGwwZDQEADxgqBQgLDBAWBCsjKisyLAgQAjIAGRoGAhYbGQ4BJi0hKiwTExUeFBwuKA8FFgYKMQAyExktGgIOEzIDEhwQEiYLCQ4BBBAXEBsTCCIhEQ8yBAIQKSMFAQEXDBcUAygODzIQGzIjLAkPEiEWBgslAAUkMicFLxshCQguBAkmDwcAAggFJQkkAREHAwEyCjAnGgQkJy8ABxQuIhYxABEBAAsMMgcrKBggFwYkAyUSLQIuIhUDHQMGDwAOAw4BKgYyAwYrKQQFAA0NBiMyCwgNCA4AKQgLFAcuFhMgHwktIQwwKBUFLw8VFhgUERUQAi0yKgoSKzAKDCUaLCAPHCIxAxoIMgMNBQ4pCSEQAgQMGgwUBwATBwoHHR4dLyAvETIDHxwCCA0VBAYWHwcEFCwCHhEEJw=="
    },
    "km": {
     "kind": "number",
     "values": "ZmZmZmZmAkDNzMzMzMwYQAAAAAAAACRAzczMzMxMQkBmZmZmZmYmQJqZmZmZGTFAAAAAAAAAI0AzMzMzMzMVQAAAAAAAABhAzczMzMzM/D8AAAAAAAAWQAAAAAAAgDRAZmZmZmZmEkCamZmZmZkhQAAAAAAAACBAmpmZmZmZEUBmZmZmZmYCQDMzMzMzMxNAmpmZmZmZFUAAAAAAAAAnQM3MzMzMzCNAmpmZmZmZ+T+amZmZmZkkQGZmZmZmZhhAZmZmZmbmPEAAAAAAAAAWQM3MzMzMzCNAZmZmZmbmMUBmZmZmZmYjQGZmZmZmZi9AAAAAAAAABEDNzMzMzMwaQM3MzMzMzBhAMzMzMzMzK0BmZmZmZmYgQJqZmZmZmQlAZmZmZmZm/j/NzMzMzMwuQJqZmZmZmTNAZmZmZmbmNkAzMzMzMzMwQDMzMzMzMyZAzczMzMzMIUAAAAAAAAAcQDMzMzMzMyZAZmZmZmZmIUDNzMzMzMwpQGZmZmZmZhhAMzMzMzMzIkAzMzMzMzMsQJqZmZmZmSZAZmZmZmZmFEAzMzMzMzMpQGZmZmZmZg5AmpmZmZmZBUBmZmZmZmYGQJqZmZmZmRdAMzMzMzMzJ0AzMzMzMzP7P83MzMzMzAxAZmZmZmZmFkCamZmZmZkxQM3MzMzMzCpAAAAAAAAAHEAAAAAAAAAQQAAAAAAAAC9AZmZmZmZmM0AzMzMzMzMXQAAAAAAAAOA/MzMzMzMzE0CamZmZmZk1QM3MzMzMzC5AZmZmZmZmLECamZmZmRkyQDMzMzMzMydAZmZmZmZmMkAAAAAAAAAjQDMzMzMzMyVAzczMzMzM9D+amZmZmZk+QJqZmZmZmfE/ZmZmZmZmEECamZmZmZkfQDMzMzMzMxdAAAAAAAAAIkCamZmZmZkZQM3MzMzMzB5AZmZmZmZm5j8zMzMzMzMZQDMzMzMz80FAZmZmZmZm9j9mZmZmZmYwQAAAAAAAAAhAMzMzMzOzOkDNzMzMzMz0P5qZmZmZmSpAAAAAAAAAI0BmZmZmZmYeQM3MzMzMzARAzczMzMzMHkAAAAAAAAAjQJqZmZmZmRNAMzMzMzMzL0AzMzMzMzMfQM3MzMzMzBxAzczMzMzMK0CamZmZmZkTQDMzMzMzMx9AmpmZmZmZE0AAAAAAAAAMQAAAAAAAABpAmpmZmZmZG0DNzMzMzMz0P5qZmZmZmR9AmpmZmZmZ+T/NzMzMzMwAQJqZmZmZmSdAMzMzMzMzEUBmZmZmZmYhQAAAAAAAAPA/mpmZmZmZLECamZmZmZknQJqZmZmZmSVAmpmZmZmZI0AzMzMzMzMRQGZmZmZmZiJAzczMzMzMHEAAAAAAAAAYQDMzMzMzszZAAAAAAAAAAEAAAAAAAAASQDMzMzMzMytAmpmZmZmZLUAAAAAAAAAwQJqZmZmZmR1AAAAAAAAAN0BmZmZmZmYSQDMzMzMzMyhAAAAAAAAAIkAzMzMzMzMsQJqZmZmZmSRAmpmZmZmZJkAAAAAAAIAxQDMzMzMzMyRAzczMzMyMQUAzMzMzM7MzQGZmZmZmZitAMzMzMzMzE0AzMzMzMzMqQDMzMzMzMyZAMzMzMzMzK0DNzMzMzEw7QM3MzMzMzBBAzczMzMzMIkDNzMzMzMwMQGZmZmZmZiVAMzMzMzMzA0BmZmZmZmYeQGZmZmZm5jFAmpmZmZmZKEBmZmZmZmYrQGZmZmZmZitAmpmZmZmZKEBmZmZmZmYKQM3MzMzMzCJAzczMzMzMBEAAAAAAAAAzQGZmZmZmZiBAZmZmZmZmIUAzMzMzMzMTQM3MzMzMzBxAmpmZmZmZGUAzMzMzMzMPQAAAAAAAADNAzczMzMzMI0AzMzMzMzMoQJqZmZmZmTFAzczMzMzMFEAzMzMzMzMDQGZmZmZmZjFAZmZmZmZmHEDNzMzMzMwrQAAAAAAAABRAZmZmZmZmEEAAAAAAAIAyQDMzMzMzMylAZmZmZmZmMUAAAAAAAAAoQDMzMzMzMxVAzczMzMzMKEAzMzMzMzMPQM3MzMzMzAhAzczMzMzMPUDNzMzMzMwvQAAAAAAAACJAmpmZmZmZHUAzMzMzM7M/QJqZmZmZGTRAZmZmZmZmLEBmZmZmZmYSQJqZmZmZmRFAZmZmZmZmCkBmZmZmZmYjQGZmZmZmZjlAZmZmZmZmFkAAAAAAAAAuQAAAAAAAABBAZmZmZmZmIEDNzMzMzMwcQDMzMzMzMyZAMzMzMzMzLUAAAAAAAAAeQJqZmZmZmR9AMzMzMzMzGUCamZmZmRk6QGZmZmZmZiFAMzMzMzMzLUDNzMzMzMwAQGZmZmZmZi9AzczMzMzMEECamZmZmZkiQDMzMzMzMylAZmZmZmZmIEAAAAAAAAAWQAAAAAAAgDBAAAAAAAAAJUBmZmZmZmYiQJqZmZmZmRdAzczMzMzMDECamZmZmZnxPwAAAAAAADNAAAAAAAAAGkCamZmZmZkbQJqZmZmZmTJAMzMzMzOzNkDNzMzMzMweQM3MzMzMzAhAAAAAAAAALkAzMzMzM7MyQM3MzMzMTDNAzczMzMzMKkCamZmZmZkgQDMzMzMzszJAzczMzMzMMkAzMzMzMzMXQAAAAAAAAPA/zczMzMzMAEDNzMzMzMwvQGZmZmZmZiRAzczMzMzMGEBmZmZmZmYSQAAAAAAAADJAzczMzMzMIEAAAAAAAAApQGZmZmZmZiRAAAAAAAAAJEDNzMzMzMwkQM3MzMzMzCFAZmZmZmZmJkBmZmZmZmYjQDMzMzMzMxVAZmZmZmZmI0BmZmZmZmYeQAAAAAAAAC5AzczMzMzMJkDNzMzMzMwIQDMzMzMzMyJAMzMzMzMzIECamZmZmZkfQDMzMzMzMwdAZmZmZmZmKkBmZmZmZmYOQJqZmZmZmR9AmpmZmZmZJUAzMzMzMzMdQAAAAAAAABJAmpmZmZmZL0BmZmZmZmYhQGZmZmZm5jBAzczMzMzMKkCamZmZmRkzQJqZmZmZmSdAZmZmZmZmDkAzMzMzMzMgQGZmZmZmZiZAzczMzMzMAEAzMzMzM7MyQJqZmZmZmRlAAAAAAAAA+D/NzMzMzMwhQDMzMzMzMy1AMzMzMzMzIUAzMzMzM7MyQJqZmZmZmRFAAAAAAAAAIEBmZmZmZmYUQM3MzMzMzBZAZmZmZmZmIUAAAAAAAAA0QJqZmZmZmShAZmZmZmbmM0AAAAAAAAASQGZmZmZmZiFAMzMzMzMzJUDNzMzMzMweQDMzMzMzMylAmpmZmZmZBUAzMzMzM7M9QJqZmZmZmRtAAAAAAAAAJUDNzMzMzMwkQM3MzMzMDENAZmZmZmZmFEAzMzMzMzPTP5qZmZmZGTdAMzMzMzMzIECamZmZmZkiQAAAAAAAADdAMzMzMzMzF0AAAAAAAAAhQGZmZmZmZjhAMzMzMzMzMEBmZmZmZmb2PzMzMzMzMyJAzczMzMzMNUAzMzMzMzMmQM3MzMzMzCRAZmZmZmZmLUAAAAAAAAAWQAAAAAAAAC5AmpmZmZmZLEAAAAAAAAAlQAAAAAAAAPA/MzMzMzMzJkAzMzMzMzMZQAAAAAAAACFAzczMzMzMGEDNzMzMzMwqQGZmZmZmZgpAmpmZmZmZJkBmZmZmZmYkQGZmZmZmZipAZmZmZmZmKkAAAAAAAAASQDMzMzMzMyJAzczMzMzMAEBmZmZmZmYuQAAAAAAAAC5AZmZmZmZmGkAzMzMzMzMPQM3MzMzMzDhAAAAAAAAALEDNzMzMzEwxQAAAAAAAgDFAMzMzMzMzD0AzMzMzM7M+QM3MzMzMzDJAmpmZmZmZI0DNzMzMzExEQM3MzMzMzBxAzczMzMzMLkCamZmZmZkkQJqZmZmZmQlAZmZmZmZmFEDNzMzMzMwpQGZmZmZmZuY/AAAAAAAAJEBmZmZmZmYcQJqZmZmZmfk/AAAAAAAA4D/NzMzMzMwSQM3MzMzMzPQ/ZmZmZmZmNEAzMzMzMzMVQGZmZmZmZv4/mpmZmZmZEUAAAAAAAAAlQM3MzMzMzARAMzMzMzMzIEDNzMzMzMwaQM3MzMzMzCdAAAAAAAAAMEDNzMzMzMweQJqZmZmZmQ1AzczMzMzMDEDNzMzMzMwIQJqZmZmZmThAmpmZmZmZH0CamZmZmZnxPwAAAAAAACFAZmZmZmbmM0AAAAAAAAD4P5qZmZmZmSBAZmZmZmZmBkCamZmZmRk9QGZmZmZm5jNAAAAAAAAAGEDNzMzMzMwiQM3MzMzMzBhAmpmZmZkZMkA="
    },
    "stars": {
     "kind": "number",
     "values": "gN2FQWWj+T8yVq1Vfg37P2SS3fw/7Po/vip2YfOZD0A1D1h3pOoDQMmC4XmEBg9AwyFS/elF9j/EZdyB/3D7P0UVRr17ExFA9raENlhJDUA/l86H6iIQQHeTzpGiSw9A/PFfpDkW+D/QCirbeUsPQE2Y/Tc8Eg5A55LcO2RXEECkew5Ni+YQQPlDmP0YHwBAfode6yW4BkDiUbrQMUEOQENo6NTv7gNA/peAP6sKAUCF8zVtcA0SQMDA6MEYqwFA1GVjCKPCDEDwjgzqBJoPQP/zQChplhFA0lYN/KRdAUCv+Vxbp3YNQFw0wCiLnP8/vwv2oyneAEB1rFAnNbARQB+CGBQ56A5A5B2f8UaYEEASRqV2eEEOQIOww80tZvo/Xuhum5C9DkAYHAFW0CsSQC7j7v7BJwNAOn2bSux/EECg0W6oqBABQH92Vk/9ARFA2qoU/0IeEEB2/sgT2Kb+P0I16BS28v8/LsJYRm8OAkBPmP3/JOIPQDEocWaVFxFAMgL7+moK+D95ET2V9yf+PzWurdUhqA9AGDYlptCdAUDf6wJAaBz9P8QgvK6oxw5ARLlNwtDAAEDjrNenir0PQI/R3ILwN/0/fIGpUSDF/z/FQ+E7MKkNQLT7g0dG/gFAXAXgYXZDAUCv+j04Uj8DQNXMw3wVSgZAUB5OwRphA0Dl1LtdEFUBQJLx/GbWaxBAiCxnuilwE0BI+zRvY+4AQHY+Rwi9aw9A3Dt9+RC3EUALlv+qXrcCQBeN6rJNmQBA3wguOd8ZEUBPwMzkUjMGQMz2lLENqhBA95y7Hf08EUCTCUN1+sIOQF2cdcmmr/8/rH3L2VgzEUAvi9TklWUCQCluzijrRxBAjLNIt14rA0DjWx84ggwAQI0gdLaQNRJA3TCyDc5iD0A/YX2CAuoOQPuRIhk4zv0/kvHE5UNY+T/NFu8zNA0CQK2TWOgeIwNADHc3toDPEUD4YY6Y54L/P4QLQi/nHxFABh+TaCOLBUDBOAMT5YD/P2AySlsj1QBAQMalYUDc9T8SiOlrrG0FQI1NwTzkDQBA6cJPDNNrAkB47G/fPKcPQGDK73mLrhBATTr9SoSeDkBOLk+gyUcRQGKdd4cL9ABAnkzOA3xaAEDcL8oUOcgQQFBE/qgycAxA/fPB3gt0EECsnoKxPbD+P/3CQX1DHQRAsIS0ZjSDAkDWIbyaGcIPQIxsbfv6AhBASr6IaYmyE0ARy/PDndsNQKCDiajozBJAJPIzQr1SEUAh26bs9acCQE2vsfXpIfc/GIz7euY1A0DtzfqF/cwPQKEY6pjue/0/BxP6a2cjEUDUy4bNnq8OQPMAunjbFBFAuNAHvgO2/D/YmYUay/ABQFkgGRt7dBFARNr4QGonDkBI4QsGlir8Pzxw7hSS8f4/WGTkCmHpD0DzWyuXAKv/PwCXl+L8hBJAdDVtd67VAkBvNicz14UPQDTMvewuKQBAymzO2C3BDkDz87KBI8MBQHfvS1Y3URBAN/GDD+A7D0CiUzJ0oWL/P+Dm4LhKyg9AeUrrx/U4AECQfhQGxs8BQJ9xUW0d3Q5AH6GvFHmjAUBRbd12rTYAQOVMm0eaEBFAWB/KlPinD0DIYFDhp1D7P12lhphwJA1AnALOlgcIAEBQ49iatTEBQFxmaU5C0gFARasnv/O2EECz1Dyq6SARQAlYWm7VUQJAC0is1n4GEUA0Ub8a15EAQOTBns1acwJAQv9EWYpeEEDvFGbtVRsAQHzCRsjXnBBAtEm5/nPfEkA6l1GCMwn8P9rqf95CiQ9As5xl9bwLEEADMDMRJ7gQQBgeNtEipgBAKS98v709EkBXV63BDp4MQKJPLtgt7QVAhJtwokjWDUBUNd+ExZv+P67r0pyXzgJAd+eeMAOuAEAK+lnabxkQQPXsx8k60RBAyt2pUmORAUDAEHuWa30DQAX88fm4uRBAwsJJNtnC+j92RErhU8gPQDmPpkwdLxJAgAMdF6IUBkDO/7lBDqMRQJLmEWfphxFADLVGF2nmEEDqmO0IMq0SQFX2itZ94P0/8gy8HUfSEEAOi6CQAXkPQCDev/0HiwRAVVNCQGXN/j/aMGniR9IDQLfn8RTTWw5AwQYMVdZe+z+zGIgD288CQPty2HiHHwJA7lKWa31fAkAAll7KD1gBQGx5/JoxaQFAzdrHbemMD0AjosINVqAOQHByuw8dfQ9AgYHeJ3b3A0BWWudHXyQQQInbnr0sqvs/6nzSI7utAEDqbGzUf6j8P2p0X3/58Ps/OcYUBg0pEEByaggWHisQQPo6rj2AwQ1AS02JLFxxEkA6B02sIC4SQByvY1RH1RBAXUfiKA/5EUD10hfNI27/P6fDFp3JfhBAZwpjfSPZA0Du5V8EXpsQQFNgX5QLqxFALqu+DNtMCkC9SGIBAXoBQEtbIUf6//4/vcqlALQRAECOorZ64HwMQMu++hKxZv8/dlcb+f77AUBHi3DOg/sBQKB+QL/AXQNArZ2SJjvhA0BkmQaUcqIRQDaAtzKIMQFAdtAHQKumAEDWu9fMlREQQPcNmhAaRxBAYPKwkFyI/T+uerFe6JX8P4CJyEWxpRBA4r2saUwY+D/N/mA9N4cNQLdrtQYhU/w/xoladJtwAUATTlSire4RQLH9w+dMngFAFKn3upgzEEDGD75wxWf+P3n0s3bmHwRA76bmjxpjAkDOFgnZznAPQE6yuTAmYxBAy5XOSkbQAUBimenDowwDQKp5cap35v8/hBM/Gx1EEkAOofQWjqADQIj0WwsV6v4/kQxyb04uEEBH0LVgpub8P6T3TTi7M/4/u2CK8L+8AUCPf+n7g98RQAPoDzu8IRJAhD04u6qaEED9XB6ktLT/P6eAELMuzg5AWCLaJs0bEUDYNQKIG6v+P23zpp4QPhFAVMKAh3lcEEAbsoDEEnABQEdvaYECRg9AyZ75WyBEBkDQuJwFcJUDQI12ocvUugFADkjJLW0iD0Bdn3XWEoYRQHWCfVWE7AJABoYYnQDEDUBLQJDFtwEBQNwKtOuq9gVAbQA+8UjIAEDvNhK+i14QQPCK5pauHgJAs62gABOtBEDlnwBJO9kPQE/5JufwVABAUYuRZkIpEEAlyEwbPvIQQEWYDsPYtRFA1Q3BsuypAUDUFDyC5lILQKsaTg5VuwFARNjp7SHkAUDSMZ10RV4DQEcOon298RBACHctiiyLAUCxbgHIXdUBQHSNjx1BUQ9ABJc304Qg+j+JJ9ZXeAYQQDwFnW5tnA5Aqvtqt+x5BEDAgNcKYFICQE2K5Ua6PxJA1Nvxjumi+z8ShGEUYkH8P9DPHwvsPwRALIHDLQF+DEBldBIiVqcOQD4SVcrDuvo/2Hz0GqvNAUDoDpar+YT5P+uPZcFe0hBA3id6JP+1+D+jXTXuePMBQF3LzH7UnQRAWcgS5LCwAUBD9w7FGNkNQHXqx6BY1gFAsj37p18sBEApBo/OGWcRQKo2ukNu8ANAphtuNgXPBUDwyyf3QRABQHHZtXvHpwBAljJ7ZcuyD0AaW8TFSXEQQB3RgjEMMv8/TmX4+xFh/z/+IWrHIWQBQHmLgsZrvxJAGj9FpsapDkDdVctuCfgPQKJCpgA97/4/Wt88rM79/D9CL0B/EmEDQOSsEyq+XBBALjYLCyuEAkDnRJCWYIkMQPJGFfqFDBFAlLwVoHXhD0BypTYMvsENQLr8oXdNRwNABI9VhhjOAkCJ0nxoQW8QQJQfknM+IANAZUvj+I66/T+VqCqZTt4DQGVtrMFobRBASoZjHSl5AUB70KTGT/QRQFWeG8cbVxFAJzJ2O9IOD0DeOgkp5fYRQLZsGIQM8gBAQB0Ixt8KEkDmylpEWRj+P4hUtizXSRFAVz58yU+UAUBtNrr1tDEBQFjz83RRnARA2y/hCQFjEUCBPDzsRZT+P5b9XjHccBBAwUo8VlmK/D+P9NPic5sNQBv32rpT2/0//tw9dDE+EEAPwQYG2osEQB/eTKZaDBFAOcgzLCOSCkA3b4g2vH0AQCBmaX0THP0/aKVd9j9UAEATYElVL/sAQJbHVly9iBBACwXIYPYnEUCjZaDO7oP9P/JCQrerswNAzP77X2D4/z9zvK+jhTcDQB8095OGvwFA80mSD/DVAUD6k8G+Z80NQAF5ETo5rRFABGBDRr5MAkDp26rtR1b+P85+8UZdyxBABzdhS2tdAUDhSDtsK0n9P4RDbRizmf8/+Gjqa38y/D/5s83TG78CQN1u5zJA8gBA0eTfEHPaD0A="
    }
   }
  }
 }
}
