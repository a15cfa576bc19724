"""Writes optimizers.json: what independent implementations make of the same weights and gradients, in double.

    python3 make_fixtures.py

Needs PyTorch 2.11, pytorch_optimizer 4.1 and numpy. Every case is an optimizer of Basin's with its options, run on the
parameters `shapes` from `begin` through `gradients`; `after` holds all weights, flattened one after another, after the
steps of `steps`.
"""
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytorch_optimizer
import torch

torch.set_default_dtype(torch.float64)

SHAPES = [[3, 4], [5]]
MATRICES = [[6, 3], [2, 4, 3, 3], [5], [4, 1]]  # tall, a convolution (wide), a vector, a column: for muon
STEPS = 8
STORED = [1, 3, STEPS]


def draw(rng, shapes):
    """Values that float32 holds exactly, so that both sides begin with the same ones."""
    return [rng.standard_normal(s).astype(np.float32).astype(np.float64) for s in shapes]


def flat(tensors):
    return np.concatenate([np.asarray(t).ravel() for t in tensors]).tolist()


def run(shapes, begin, gradients, make):
    """`make` gives a list of PyTorch optimizers for a list of parameters."""
    parameters = [torch.nn.Parameter(torch.tensor(b)) for b in begin]
    optimizers = make(parameters)
    after = []
    for step in range(1, STEPS + 1):
        for p, g in zip(parameters, gradients[step - 1]):
            p.grad = torch.tensor(g)
        for o in optimizers:
            o.step()
        if step in STORED:
            after.append(flat(p.detach() for p in parameters))
    return after


def muon(lr, scale, nesterov, momentum, decay, adam_lr):
    """torch.optim.Muon takes matrices alone, and rounds to bfloat16 on its way: here it computes in double throughout.
    A convolution comes as its filters in rows."""

    def make(parameters):
        matrices = [torch.nn.Parameter(p.detach().reshape(p.shape[0], -1)) for p in parameters if p.dim() >= 2]
        mine = [p for p in parameters if p.dim() >= 2]
        rest = [p for p in parameters if p.dim() < 2]
        inner = torch.optim.Muon(matrices, lr=lr, weight_decay=decay, momentum=momentum, nesterov=nesterov,
                                 adjust_lr_fn={"shape": "original", "rms": "match_rms_adamw"}[scale])
        adam = torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.95), eps=1e-10, weight_decay=decay)

        class Both:
            def step(self):
                for m, p in zip(matrices, mine):
                    m.grad = p.grad.reshape(m.shape)
                original, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, lambda self: self.clone()
                inner.step()
                torch.Tensor.bfloat16 = original
                with torch.no_grad():
                    for m, p in zip(matrices, mine):
                        p.copy_(m.reshape(p.shape))
                adam.step()

        return [Both()]

    return make


def cases():
    optim, other = torch.optim, pytorch_optimizer
    yield "sgd", {"lr": 0.03, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, "torch.optim.SGD", lambda p: [
        optim.SGD(p, lr=0.03, momentum=0.9, nesterov=True, weight_decay=0.1)]
    yield "adam", {"lr": 0.03, "weight_decay": 0.1}, "torch.optim.AdamW", lambda p: [
        optim.AdamW(p, lr=0.03, weight_decay=0.1)]
    yield "adam_ema", {"lr": 0.03, "weight_decay": 0.1}, "torch.optim.AdamW", lambda p: [
        optim.AdamW(p, lr=0.03, weight_decay=0.1)]
    yield "rmsprop", {"lr": 0.01}, "torch.optim.RMSprop", lambda p: [optim.RMSprop(p, lr=0.01)]
    yield ("rmsprop", {"lr": 0.01, "alpha": 0.8, "eps": 1e-3, "momentum": 0.7, "weight_decay": 0.2, "centered": True},
           "torch.optim.RMSprop", lambda p: [optim.RMSprop(p, lr=0.01, alpha=0.8, eps=1e-3, momentum=0.7,
                                                           weight_decay=0.2, centered=True)])
    yield "adamax", {}, "torch.optim.Adamax", lambda p: [optim.Adamax(p)]
    yield ("adamax", {"lr": 0.05, "beta1": 0.7, "beta2": 0.8, "eps": 1e-2, "weight_decay": 0.3}, "torch.optim.Adamax",
           lambda p: [optim.Adamax(p, lr=0.05, betas=(0.7, 0.8), eps=1e-2, weight_decay=0.3)])
    yield "lion", {}, "pytorch_optimizer.Lion", lambda p: [other.Lion(p)]
    yield ("lion", {"lr": 0.02, "beta1": 0.8, "beta2": 0.6, "weight_decay": 0.4}, "pytorch_optimizer.Lion",
           lambda p: [other.Lion(p, lr=0.02, betas=(0.8, 0.6), weight_decay=0.4)])
    yield "adan", {}, "pytorch_optimizer.Adan", lambda p: [other.Adan(p)]
    yield ("adan", {"lr": 0.05, "beta1": 0.9, "beta2": 0.7, "beta3": 0.8, "eps": 1e-3, "weight_decay": 0.3},
           "pytorch_optimizer.Adan",
           lambda p: [other.Adan(p, lr=0.05, betas=(0.9, 0.7, 0.8), eps=1e-3, weight_decay=0.3)])
    yield "muon", {}, "torch.optim.Muon", muon(0.02, "shape", True, 0.95, 0.0, 3e-4)
    yield ("muon", {"lr": 0.05, "scale": "rms", "nesterov": False, "momentum": 0.6, "weight_decay": 0.2,
                    "adam_lr": 0.01}, "torch.optim.Muon", muon(0.05, "rms", False, 0.6, 0.2, 0.01))


def main():
    rng = np.random.default_rng(0)
    sets = {}
    for name, shapes in {"plain": SHAPES, "matrices": MATRICES}.items():
        sets[name] = (shapes, draw(rng, shapes), [draw(rng, shapes) for _ in range(STEPS)])
    out = {"steps": STORED, "cases": [], "sets": {
        name: {"shapes": shapes, "begin": flat(begin), "gradients": [flat(g) for g in gradients]}
        for name, (shapes, begin, gradients) in sets.items()}}
    for name, options, by, make in cases():
        which = "matrices" if name == "muon" else "plain"
        out["cases"].append({"optimizer": name, "options": options, "by": by, "set": which,
                             "after": run(*sets[which], make)})
    out["versions"] = {package: version(package).split("+")[0] for package in ("torch", "pytorch_optimizer")}
    text = json.dumps(out, indent=None, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"')
    Path(__file__).with_name("optimizers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
