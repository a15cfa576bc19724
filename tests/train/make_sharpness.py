"""Writes sharpness.json: what independent implementations of SAM's relatives make of the same weights, in double.

    python3 make_sharpness.py

Needs PyTorch 2.11, pytorch_optimizer 4.1 and numpy. The loss of step s is L(w) = sum(-2 cos w + w^2 / 4 + c_s w) over
all weights, so its gradient is 2 sin w + w / 2 + c_s, with the same c_s in all passes of a step. Every case is an
optimizer of Basin's with its options around a base; `after` holds all weights after the steps of `steps`.

pytorch_optimizer is the judge where it does what the papers say: SAM, WSAM, GSAM, and LookSAM with norms of each tensor.
Its FriendlySAM feeds the modified gradient into the mean, and it has no ASAM, no Momentum-SAM and no LookSAM with global
norms: those are written out here from their papers, around the optimizers of torch.optim.
"""
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytorch_optimizer
import torch

torch.set_default_dtype(torch.float64)

SHAPES = {"a.weight": [3, 4], "a.bias": [5]}
STEPS = 9
STORED = [1, 2, 5, STEPS]


def draw(rng, shape):
    return rng.standard_normal(shape).astype(np.float32).astype(np.float64)


rng = np.random.default_rng(1)
BEGIN = {name: draw(rng, shape) for name, shape in SHAPES.items()}
SLOPES = [{name: draw(rng, shape) for name, shape in SHAPES.items()} for _ in range(STEPS)]


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.names = list(SHAPES)
        self.ps = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(BEGIN[n])) for n in self.names])

    def loss(self, step):
        return sum((-2 * p.cos() + p * p / 4 + torch.tensor(SLOPES[step][n]) * p).sum()
                   for n, p in zip(self.names, self.ps))

    @torch.enable_grad()
    def backward(self, step):
        for p in self.ps:
            p.grad = None
        loss = self.loss(step)
        loss.backward()
        return loss


def norm(tensors):
    return torch.sqrt(sum((t * t).sum() for t in tensors))


def flat(model):
    return np.concatenate([p.detach().numpy().ravel() for p in model.ps]).tolist()


def run(make):
    model, after = Model(), []
    step_once = make(model)
    for step in range(STEPS):
        step_once(step)
        if step + 1 in STORED:
            after.append(flat(model))
    return after


BASES = {
    "sgd": ({"lr": 0.05, "momentum": 0.9}, torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "adam": ({"lr": 0.03}, torch.optim.AdamW, {"lr": 0.03, "weight_decay": 0.0}),
}


def library(name, base, **options):
    """An optimizer of pytorch_optimizer that takes the class of its base."""
    _, cls, base_options = BASES[base]

    def make(model):
        lead = (model,) if name == "WSAM" else ()
        o = getattr(pytorch_optimizer, name)(*lead, list(model.ps), base_optimizer=cls, **options, **base_options)

        def step_once(step):
            if name in ("SAM", "LookSAM"):
                model.backward(step)  # they want the gradients at w before their step
            o.step(lambda: model.backward(step))

        return step_once

    return make


def gsam(base, rho, alpha):
    _, cls, base_options = BASES[base]

    class Constant:
        def step(self):
            return rho

    def make(model):
        o = pytorch_optimizer.GSAM(list(model.ps), base_optimizer=cls(list(model.ps), **base_options), model=model,
                                   rho_scheduler=Constant(), alpha=alpha)
        return lambda step: o.step(lambda: (None, model.backward(step)))

    return make


def own(base, gradients):
    """gradients(model, step, optimizer, memory) leaves the gradients that the base steps with."""
    _, cls, base_options = BASES[base]

    def make(model):
        o, memory = cls(list(model.ps), **base_options), {}

        def step_once(step):
            before = [p.detach().clone() for p in model.ps]
            gradients(model, step, o, memory)
            with torch.no_grad():
                for p, b in zip(model.ps, before):
                    p.copy_(b)
            o.step()

        return step_once

    return make


def move(model, directions):
    with torch.no_grad():
        for p, d in zip(model.ps, directions):
            p.add_(d)


def asam(rho, eta):
    def gradients(model, step, optimizer, memory):
        model.backward(step)
        t = [p.detach().abs() + eta if "weight" in n else torch.ones_like(p) for n, p in zip(model.names, model.ps)]
        length = norm([a * p.grad for a, p in zip(t, model.ps)])
        move(model, [rho * a * a * p.grad / length for a, p in zip(t, model.ps)])
        model.backward(step)

    return gradients


def looksam(rho, alpha, k):
    def gradients(model, step, optimizer, memory):
        model.backward(step)
        g = [p.grad.clone() for p in model.ps]
        if step % k == 0:
            move(model, [rho * a / norm(g) for a in g])
            model.backward(step)
            s = [p.grad.clone() for p in model.ps]
            cosine = sum((a * b).sum() for a, b in zip(g, s)) / (norm(g) * norm(s))
            memory["v"] = [b - norm(s) * cosine * a / norm(g) for a, b in zip(g, s)]
        else:
            for p, a, v in zip(model.ps, g, memory["v"]):
                p.grad = a + alpha * norm(g) / norm(memory["v"]) * v

    return gradients


def friendly(rho, sigma, decay):
    def gradients(model, step, optimizer, memory):
        model.backward(step)
        g = [p.grad.clone() for p in model.ps]
        d = [a - sigma * m for a, m in zip(g, memory["m"])] if "m" in memory else g
        memory["m"] = [decay * m + (1 - decay) * a for a, m in zip(g, memory["m"])] if "m" in memory else g
        move(model, [rho * a / norm(d) for a in d])
        model.backward(step)

    return gradients


def momentum(rho, key):
    """Along the buffer that torch's own optimizer keeps."""

    def gradients(model, step, optimizer, memory):
        if optimizer.state:
            v = [optimizer.state[p][key] for p in model.ps]
            move(model, [-rho * a / norm(v) for a in v])
        model.backward(step)

    return gradients


def cases():
    here = "its paper"
    for base in BASES:
        yield "sam", {"rho": 0.3}, base, "pytorch_optimizer.SAM", library("SAM", base, rho=0.3)
        yield ("sam", {"rho": 0.3, "adaptive": True}, base, "pytorch_optimizer.SAM",
               library("SAM", base, rho=0.3, adaptive=True))
        yield "asam", {"rho": 0.4}, base, here, own(base, asam(0.4, 0.01))
        yield "asam", {"rho": 0.4, "eta": 0.3}, base, here, own(base, asam(0.4, 0.3))
        yield "gsam", {"rho": 0.3, "alpha": 0.7}, base, "pytorch_optimizer.GSAM", gsam(base, 0.3, 0.7)
        yield ("wsam", {"rho": 0.3, "gamma": 0.6}, base, "pytorch_optimizer.WSAM",
               library("WSAM", base, rho=0.3, gamma=0.6, decouple=False))
        lr = BASES[base][0]["lr"]
        yield ("wsam", {"rho": 0.3, "gamma": 0.8, "decoupled_lr": lr}, base, "pytorch_optimizer.WSAM",
               library("WSAM", base, rho=0.3, gamma=0.8, decouple=True))
        yield ("looksam", {"rho": 0.3, "alpha": 0.7, "every": 3, "norms": "tensor"}, base, "pytorch_optimizer.LookSAM",
               library("LookSAM", base, rho=0.3, k=3, alpha=0.7))
        yield "looksam", {"rho": 0.3, "alpha": 0.7, "every": 3}, base, here, own(base, looksam(0.3, 0.7, 3))
        yield "friendly_sam", {"rho": 0.3, "sigma": 0.8, "decay": 0.6}, base, here, own(base, friendly(0.3, 0.8, 0.6))
        key = {"sgd": "momentum_buffer", "adam": "exp_avg"}[base]
        yield "momentum_sam", {"rho": 0.3}, base, here, own(base, momentum(0.3, key))


def main():
    out = {"shapes": SHAPES, "steps": STORED, "begin": np.concatenate([b.ravel() for b in BEGIN.values()]).tolist(),
           "slopes": [np.concatenate([s.ravel() for s in step.values()]).tolist() for step in SLOPES], "cases": []}
    for name, options, base, by, make in cases():
        out["cases"].append({"optimizer": name, "options": options, "base": base, "base_options": BASES[base][0],
                             "by": by, "after": run(make)})
    out["versions"] = {package: version(package).split("+")[0] for package in ("torch", "pytorch_optimizer")}
    text = json.dumps(out, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"')
    Path(__file__).with_name("sharpness.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
