"""A workflow, and what its requester keeps of a step under way."""


class Workflow:
    """One workflow of an honest peer (model section 5)."""

    __slots__ = ("requester", "started", "classes", "index", "tainted", "ended")

    def __init__(self, requester, started, classes):
        self.requester, self.started, self.classes = requester, started, classes
        self.index, self.tainted, self.ended = 0, False, False


class Step:
    """One step under way: its discovery, its ordered candidates and its attempts."""

    __slots__ = ("workflow", "cls", "tier", "side_effect", "intent", "shards", "answers", "sent", "tries",
                 "discovered", "order", "position", "probes", "delegating", "attempts", "reason")

    def __init__(self, workflow, cls, tier, side_effect):
        self.workflow, self.cls, self.tier, self.side_effect = workflow, cls, tier, side_effect
        self.answers, self.tries, self.discovered = {}, 0, False
        self.order, self.position, self.probes = [], 0, {}
        self.delegating, self.attempts, self.reason = False, 0, None


class Probe:
    """The canaries sent to one candidate; state is pending, passed or failed."""

    __slots__ = ("step", "instance", "waiting", "state", "expired")

    def __init__(self, step, instance, waiting):
        self.step, self.instance, self.waiting = step, instance, waiting
        self.state, self.expired = "pending", False


class Delegation:
    """One task handed to one provider."""

    __slots__ = ("step", "instance", "open", "arrived")

    def __init__(self, step, instance):
        self.step, self.instance, self.open, self.arrived = step, instance, True, 0.0
