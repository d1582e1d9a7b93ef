#!/usr/bin/python3
"""examples/cartpole.c with PyTorch: the same task, network and hyper-parameters, one thread. Prints the
same line. Usage: cartpole_torch.py [STEPS [SEED]] (packages python3-torch, python3-numpy)"""
import sys

import numpy as np
import torch
from torch import nn

N_ENVS, N_STEPS, EPOCHS, GAMMA, LAMBDA, CLIP, EPISODES, LIMIT = 8, 32, 20, 0.98, 0.8, 0.2, 300, 500


class CartPoles:
    """Many at once; [n][position, speed, angle, turning]."""

    def __init__(self, n, seed):
        self.rng = np.random.default_rng(seed)
        self.state = self.begin(n)
        self.elapsed = np.zeros(n, int)

    def begin(self, n):
        return self.rng.uniform(-0.05, 0.05, (n, 4))

    def step(self, action):
        """Whether episodes terminated, were truncated, and the states that the actions led to."""
        x, v, a, w = self.state.T
        sine, cosine = np.sin(a), np.cos(a)
        push = (np.where(action == 1, 10, -10) + 0.05 * w * w * sine) / 1.1
        torque = (9.8 * sine - cosine * push) / (0.5 * (4 / 3 - 0.1 * cosine**2 / 1.1))
        speed_up = push - 0.05 * torque * cosine / 1.1
        arrived = np.stack([x + 0.02 * v, v + 0.02 * speed_up, a + 0.02 * w, w + 0.02 * torque], 1)
        self.elapsed += 1
        terminated = (np.abs(arrived[:, 0]) > 2.4) | (np.abs(arrived[:, 2]) > 12 * np.pi / 180)
        truncated = ~terminated & (self.elapsed >= LIMIT)
        ended = terminated | truncated
        self.state = arrived.copy()
        self.state[ended] = self.begin(ended.sum())
        self.elapsed[ended] = 0
        return terminated, truncated, arrived


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.logits, self.value = nn.Linear(64, 2), nn.Linear(64, 1)
        self.logits.weight.data *= 0.01

    def forward(self, x):
        h = self.body(torch.as_tensor(x, dtype=torch.float32))
        return torch.log_softmax(self.logits(h), -1), self.value(h)[..., 0]


def collect(envs, network):
    """States, actions, their log-probabilities, advantages and targets of a rollout."""
    states, actions, logs, values, deltas, goes_on = [], [], [], [], [], []
    with torch.no_grad():
        for _ in range(N_STEPS):
            log, value = network(envs.state)
            action = torch.multinomial(log.exp(), 1)[:, 0]
            states.append(torch.as_tensor(envs.state, dtype=torch.float32))
            terminated, truncated, arrived = envs.step(action.numpy())
            after = network(arrived)[1] * torch.as_tensor(~terminated)
            actions.append(action)
            logs.append(log.gather(1, action[:, None])[:, 0])
            values.append(value)
            deltas.append(1 + GAMMA * after - value)
            goes_on.append(torch.as_tensor(~(terminated | truncated)).float())
    advantage, sums = [], torch.zeros(N_ENVS)
    for delta, on in zip(reversed(deltas), reversed(goes_on)):
        sums = delta + GAMMA * LAMBDA * on * sums
        advantage.insert(0, sums)
    advantage, values = torch.cat(advantage), torch.cat(values)
    return torch.cat(states), torch.cat(actions), torch.cat(logs), advantage, advantage + values


def main():
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    envs, network, steps = CartPoles(N_ENVS, seed), Network(), 0
    optimiser = torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-5)
    while steps < total:
        states, actions, old, advantage, target = collect(envs, network)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        left = 1 - steps / total
        optimiser.param_groups[0]["lr"] = 0.001 * left
        for _ in range(EPOCHS):
            log, value = network(states)
            ratio = (log.gather(1, actions[:, None])[:, 0] - old).exp()
            clipped = ratio.clamp(1 - CLIP * left, 1 + CLIP * left)
            loss = -torch.minimum(ratio * advantage, clipped * advantage).mean()
            loss = loss + 0.5 * ((value - target) ** 2).mean() / 2
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimiser.step()
        steps += N_ENVS * N_STEPS
    # Every one of the first episodes counts, so that short ones are not drawn more often.
    envs, length, first = CartPoles(EPISODES, seed + 1), np.zeros(EPISODES), np.ones(EPISODES, bool)
    with torch.no_grad():
        while first.any():
            terminated, truncated, _ = envs.step(network(envs.state)[0].argmax(1).numpy())
            length += first
            first &= ~(terminated | truncated)
    print(f"mean return {length.mean():.1f} over {EPISODES} episodes after {steps} steps")


if __name__ == "__main__":
    main()
