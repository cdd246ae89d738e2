"""Settings of a network in which nothing happens but what a test is about: one class, one step, short executions
side by side, no time-outs, no reputation."""

STATIC = {
    "capability.classes": "work:1us", "capability.instance_sigma": 0, "execution.sigma": 0,
    "workflow.steps": "work/low", "workflow.deadline": "1000000s",
    "policy.name": "optimistic", "policy.threshold": 0,
    "query.timeout": "100000s", "canary.timeout": "100000s", "execution.timeout": "100000s",
    "execution.queue_capacity": 200, "execution.outcome_detection": 0,
    "adversary.descriptors": 1, "adversary.embedding_gain": 0,
    "reputation.kind": "none",
}
# All weights 0: every candidate has the same utility, so softmax draws one uniformly.
INDIFFERENT = {f"policy.weight_{term}": 0 for term in ("match", "quality", "price", "time", "trust")}
# What the registry does takes no time.
INSTANT_REGISTRY = {"registry.query_time": "0s", "registry.entry_time": "0s", "registry.register_time": "0s",
                    "identity.verify_time": "0s", "identity.sign_time": "0s"}
# Descriptors are issued so rarely that the registry of a run stays empty: every query is answered by nothing.
NO_REGISTRATIONS = {"descriptor.ttl": "10000000s"}
