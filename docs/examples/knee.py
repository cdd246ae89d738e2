"""Where success against control bytes over the TTL has its knee. Usage: knee.py DIR of the sweep paper-ttl"""
import sys

import parley_analysis as pa

frame = pa.read_runs(sys.argv[1])
points = pa.summarise(frame, by=["policy.name", "descriptor.ttl"],
                      metrics=["success_rate", "control_bytes_per_peer_second"])
for policy in ("optimistic", "tier1", "risk_aware"):
    for low, high in ((5, 60), (2, 120)):
        chosen = points[(points["policy.name"] == policy) & points["descriptor.ttl"].between(low, high)]
        x, y = chosen["control_bytes_per_peer_second"], chosen["success_rate"]
        bend = chosen["descriptor.ttl"].iloc[pa.knee(x, y).index]
        print(f"{policy:10}  TTL {low} to {high} s: knee at {bend:g} s")
