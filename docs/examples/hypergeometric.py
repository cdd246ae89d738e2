"""Measured success of docs/examples/collapse.ini beside the closed form. Usage: hypergeometric.py DIR"""
import sys

import numpy as np
import parley_analysis as pa
from scipy import stats

PEERS, CANDIDATES = 100, 8
frame = pa.read_runs(sys.argv[1])
measured = pa.summarise(frame, by=["adversary.fraction"], metrics=["success_rate"])
# The largest of K qualities ~ Beta(180, 20): its mean is the integral of 1 - F^K.
quality = np.linspace(0, 1, 100001)
best = np.trapz(1 - stats.beta.cdf(quality, 180, 20) ** CANDIDATES, quality)
print("fraction  measured            closed form")
for row in measured.itertuples():
    sybils = round(row[1] * PEERS)
    clean = stats.hypergeom.pmf(0, PEERS - 1, sybils, CANDIDATES)  # no Sybil among K of the N-1 others
    print(f"{row[1]:8g}  {row.success_rate:.3f} ± {row.success_rate_high - row.success_rate:.3f}"
          f"       {clean * best:.3f}")
