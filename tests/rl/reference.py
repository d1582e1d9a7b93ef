#!/usr/bin/python3
"""Writes data/reference.txt: values of Adam, GAE, the PPO loss and relative networks by PyTorch
and NumPy.

    reference.py > data/reference.txt

Each array is a line "name count" and a line of numbers. Inputs are rounded to
single precision, everything is then worked out in double by PyTorch's own
optimisers, log-softmax and automatic differentiation."""
import numpy as np
import torch

rng = np.random.default_rng(7)
torch.set_default_dtype(torch.float64)


def put(name, values):
    values = np.asarray(values).ravel()
    print(name, values.size)
    print(" ".join(repr(int(v)) if values.dtype.kind in "iub" else f"{v:.17g}" for v in values))


def single(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def adam():
    start, steps = single(rng.normal(size=21)), 12
    gradients = single(rng.normal(size=(steps, 21)) * 10.0 ** rng.integers(-4, 2, size=21))
    put("adam_start", start)
    put("adam_gradients", gradients)
    for name, make in (
        ("adam_result", lambda p: torch.optim.Adam([p], lr=0.01, eps=1e-5)),
        ("adamw_result", lambda p: torch.optim.AdamW([p], lr=0.01, eps=1e-5, weight_decay=0.1)),
    ):
        p = torch.nn.Parameter(torch.tensor(start))
        optimiser = make(p)
        for g in gradients:
            p.grad = torch.tensor(g)
            optimiser.step()
        put(name, p.detach().numpy())


def gae():
    """Backwards through time with NumPy; ends: 0 goes on, 1 over, 2 cut short."""
    steps, lanes, gamma, lam = 9, 4, 0.9, 0.8
    reward = single(rng.normal(size=(steps, lanes)))
    value = single(rng.normal(size=6))
    here = rng.integers(0, 6, size=(steps, lanes))
    arrived = rng.integers(0, 6, size=(steps, lanes))
    ends = rng.choice([0, 0, 0, 1, 2], size=(steps, lanes))
    advantage = np.zeros((steps + 1, lanes))
    for t in reversed(range(steps)):
        delta = reward[t] + gamma * value[arrived[t]] * (ends[t] != 1) - value[here[t]]
        advantage[t] = delta + gamma * lam * advantage[t + 1] * (ends[t] == 0)
    for name, array in (("reward", reward), ("value", value), ("here", here),
                        ("arrived", arrived), ("ends", ends), ("advantage", advantage[:-1])):
        put("gae_" + name, array)


INPUTS, ACTIONS, WIDTHS, SEEN = 11, 9, (16, 32), 6


def observations():
    features, strength, first_feature = [], [], [0]
    first_action, counts = [], []
    for _ in range(SEEN):
        n = int(rng.integers(1, 5))
        features += list(rng.choice(INPUTS, size=n, replace=False))
        strength += list(single(rng.normal(size=n)))
        first_feature.append(len(features))
        counts.append(int(rng.integers(1, 5)))
        first_action.append(int(rng.integers(0, ACTIONS - counts[-1] + 1)))
    first_logit = np.concatenate([[0], np.cumsum(counts)])
    put("first_feature", first_feature)
    put("feature", features)
    put("strength", strength)
    put("first_logit", first_logit)
    put("first_action", first_action)
    return first_feature, features, strength, first_logit, first_action


def network(parameter, seen, o):
    first_feature, features, strength, first_logit, first_action = seen
    at = 0

    def take(*shape):
        nonlocal at
        size = int(np.prod(shape))
        piece = parameter[at:at + size].reshape(shape)
        at += size
        return piece

    x = torch.zeros(INPUTS)
    for f in range(first_feature[o], first_feature[o + 1]):
        x[features[f]] = strength[f]
    before = INPUTS
    for width in WIDTHS:
        weight, bias = take(before, width), take(width)
        x = torch.relu(x @ weight + bias)
        before = width
    rows, bias = take(ACTIONS, before), take(ACTIONS)
    value, value_bias = take(before), take(1)
    n = int(first_logit[o + 1] - first_logit[o])
    legal = slice(first_action[o], first_action[o] + n)
    return rows[legal] @ x + bias[legal], value @ x + value_bias[0]


def ppo():
    seen = observations()
    first_logit = seen[3]
    sizes = [INPUTS * 16 + 16, 16 * 32 + 32, ACTIONS * 32 + ACTIONS, 32 + 1]
    parameter = single(rng.normal(size=sum(sizes)) * 0.3)
    n = 60
    observation = rng.integers(0, SEEN, size=n)
    taken = [int(rng.integers(0, first_logit[o + 1] - first_logit[o])) for o in observation]
    advantage, target = single(rng.normal(size=n)), single(rng.normal(size=n))
    p = torch.tensor(parameter, requires_grad=True)
    outputs = [network(p, seen, o) for o in range(SEEN)]
    # The old policy is near the new one, so that some ratios are clipped and some are not.
    old = single(np.concatenate([torch.log_softmax(l.detach() +
                 torch.tensor(rng.normal(size=len(l)) * 0.4), 0).numpy() for l, _ in outputs]))
    old_value = single([float(v) + rng.normal() * 0.3 for _, v in outputs])
    for name, array in (("parameter", parameter), ("observation", observation), ("taken", taken),
                        ("advantage", advantage), ("target", target),
                        ("old_log_probability", old), ("old_value", old_value)):
        put("ppo_" + name, array)
    clip, entropy_weight, value_weight = 0.2, 0.05, 0.5
    for kind, value_clip in (("free", 0.0), ("clipped", 0.25)):
        p.grad = None
        outputs = [network(p, seen, o) for o in range(SEEN)]
        policy = value = entropy = 0
        for i, o in enumerate(observation):
            logit, v = outputs[o]
            lp = torch.log_softmax(logit, 0)
            r = torch.exp(lp[taken[i]] - old[first_logit[o] + taken[i]])
            policy = policy - torch.minimum(r * advantage[i],
                                            torch.clamp(r, 1 - clip, 1 + clip) * advantage[i])
            square = (v - target[i]) ** 2
            if value_clip:
                held = old_value[o] + torch.clamp(v - old_value[o], -value_clip, value_clip)
                square = torch.maximum(square, (held - target[i]) ** 2)
            value = value + square / 2
            entropy = entropy + torch.distributions.Categorical(logits=logit).entropy()
        total = (policy + value_weight * value - entropy_weight * entropy) / n
        total.backward()
        put(f"ppo_{kind}_losses", [float(x) for x in (policy / n, value / n, entropy / n, total)])
        put(f"ppo_{kind}_gradient", p.grad.numpy())


PLANES, WINDOW, FINGERS, OTHERS, C, D = 2, 7, 5, 3, 16, 16


def relative(name, gated):
    """A network that sees every action from its own place, with gates or beside an mlp."""
    inputs, seen = PLANES * WINDOW + OTHERS, 3
    features = [rng.choice(inputs, size=5, replace=False) for _ in range(seen)]
    strength = [single(rng.uniform(-1, 2, size=5)) for _ in range(seen)]
    front = [] if gated else [(inputs, 16), (16,), (FINGERS, 16), (FINGERS,), (16,), (1,)]
    span = WINDOW + FINGERS - 1
    row_shape = (OTHERS, C) if gated else (OTHERS, FINGERS, C)
    shapes = front + [(PLANES, span, C), row_shape, (C,), (C, D), (D,), (D,)]
    shapes += [(OTHERS, PLANES)] if gated else []
    sizes = [int(np.prod(s)) for s in shapes]
    parameter = single(rng.normal(size=sum(sizes)) * 0.3)
    wanted, wanted_value = single(rng.normal(size=seen * FINGERS)), single(rng.normal(size=seen))
    p = torch.tensor(parameter, requires_grad=True)
    pieces = [t.reshape(s) for t, s in zip(torch.split(p, sizes), shapes)]
    mlp, rest = pieces[:len(front)], pieces[len(front):]
    kernel, row, bias, weight, bias2, out = rest[:6]
    logits, values = [], []
    for o in range(seen):
        x = torch.zeros(inputs)
        x[features[o]] = torch.tensor(strength[o])
        plane, other = x[:PLANES * WINDOW].reshape(PLANES, WINDOW), x[PLANES * WINDOW:]
        gate = 1 + 0.3 * other @ rest[6] if gated else torch.ones(PLANES)
        hidden = None if gated else torch.relu(x @ mlp[0] + mlp[1])
        for a in range(FINGERS):
            j = FINGERS - 1 - a
            h = bias + torch.einsum("q,qr,qrc->c", gate, plane, kernel[:, j:j + WINDOW])
            h = torch.relu(h + (other @ row if gated else other @ row[:, j]))
            said = torch.relu((h * h if gated else h) @ weight + bias2) @ out
            logits.append(said if gated else said + mlp[2][a] @ hidden + mlp[3][a])
        values.append(torch.zeros(()) if gated else mlp[4] @ hidden + mlp[5][0])
    logits, values = torch.stack(logits), torch.stack(values)
    (logits @ torch.tensor(wanted) + values @ torch.tensor(wanted_value)).backward()
    for what, array in (("feature", features), ("strength", strength), ("parameter", parameter),
                        ("wanted", wanted), ("wanted_value", wanted_value),
                        ("logit", logits.detach().numpy()), ("value", values.detach().numpy()),
                        ("gradient", p.grad.numpy())):
        put(f"{name}_{what}", array)


adam()
gae()
ppo()
relative("relative", False)
relative("gated", True)
