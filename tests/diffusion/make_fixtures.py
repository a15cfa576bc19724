#!/usr/bin/env python3
"""Writes fixtures.inc: numbers from independent implementations that the C++ tests compare with.

    python make_fixtures.py        (needs numpy, torch and diffusers from PyPI)

diffusers keeps its tables in float32; they are replaced with float64 ones here, so that its *definitions* are compared to
1e-10 instead of its rounding. Respacing is written anew around Python's own round(), whose rounding is the point.
"""
import os

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.schedulers import scheduling_ddpm

T, D = 1000, 4
rng = np.random.default_rng(0)
out = []


def text(v):
    return float(v).hex() if not float(v).is_integer() else repr(float(v))


def array(name, values):
    flat = torch.as_tensor(values, dtype=torch.float64).flatten().tolist()
    rows = [", ".join(text(v) for v in flat[i:i + D]) for i in range(0, len(flat), D)]
    out.append(f"inline const std::vector<double> {name} = {{\n    " + ",\n    ".join(rows) + "};\n")


# Python's respacing, section by section: spec, number kept, and two sums that fix the list
def respace(spec):
    counts = [int(x) for x in spec.split(",")]
    kept, start = set(), 0
    for i, count in enumerate(counts):
        size = T // len(counts) + (1 if i < T % len(counts) else 0)
        stride = 1 if count <= 1 else (size - 1) / (count - 1)
        position = 0.0
        for _ in range(count):
            kept.add(start + round(position))
            position += stride
        start += size
    return sorted(kept)


specs = ["1", "2", "4", "7", "10", "25", "33", "50", "64", "128", "250", "333", "500", "501", "777", "999", "1000",
         "10,20,30", "1,1,1", "50,50", "5,10,15,20,25,30,35", "300,20,1"]
out.append("struct RespaceFixture { const char* spec; int64_t count, sum, weighted; };\n")
out.append("inline const std::vector<RespaceFixture> respace_fixtures = {\n")
for spec in specs:
    kept = respace(spec)
    out.append(f'    {{"{spec}", {len(kept)}, {sum(kept)}, {sum((i + 1) * t for i, t in enumerate(kept))}}},\n')
out.append("};\n")


def exact(theirs, beta):
    theirs.betas = torch.tensor(beta, dtype=torch.float64)
    theirs.alphas = 1 - theirs.betas
    theirs.alphas_cumprod = torch.cumprod(theirs.alphas, 0)
    theirs.one = torch.tensor(1.0, dtype=torch.float64)
    if hasattr(theirs, "final_alpha_cumprod"):
        theirs.final_alpha_cumprod = torch.tensor(1.0, dtype=torch.float64)
    return theirs


kept = respace("20")
start = torch.tensor(rng.standard_normal((1, 1, 1, D)))
epsilons = torch.tensor(rng.standard_normal((len(kept), 1, 1, 1, D)))
noises = torch.tensor(rng.standard_normal((len(kept), 1, 1, 1, D)))
variances = torch.tensor(rng.uniform(-1.2, 1.2, (len(kept), 1, 1, 1, D)))  # a learned v is not clamped
array("fixture_start", start)
array("fixture_epsilon", epsilons)
array("fixture_noise", noises)
array("fixture_v", variances)

draws = []  # the noise of the coming DDPM step, instead of its own
scheduling_ddpm.randn_tensor = lambda shape, **_: draws[0]

for schedule in ("linear", "cosine"):
    name = {"linear": "linear", "cosine": "squaredcos_cap_v2"}[schedule]
    common = dict(num_train_timesteps=T, beta_schedule=name, beta_start=1e-4, beta_end=0.02)
    own = DDPMScheduler(**common).betas.double().numpy()  # float32: compared for itself, at a few places
    array(f"fixture_{schedule}_beta_float", [own[i] for i in (0, 1, 2, 100, 499, 500, 997, 998)])
    if schedule == "linear":
        beta = np.linspace(1e-4, 0.02, T)
    else:
        bar = lambda s: np.cos((s + 0.008) / 1.008 * np.pi / 2) ** 2
        beta = np.array([min(1 - bar((i + 1) / T) / bar(i / T), 0.999) for i in range(T)])
    assert np.allclose(beta, own, rtol=2e-5), np.abs(beta / own - 1).max()

    for kind in ("fixed_small", "learned_range"):
        theirs = exact(DDPMScheduler(**common, variance_type=kind, clip_sample=True), beta)
        theirs.set_timesteps(timesteps=kept[::-1])
        x, path = start, []
        for i, t in enumerate(theirs.timesteps):
            model = epsilons[i] if kind == "fixed_small" else torch.cat([epsilons[i], variances[i]], 1)
            draws[:] = [noises[i]]
            x = theirs.step(model, t, x).prev_sample
            path.append(x)
        array(f"fixture_{schedule}_ddpm_{kind}", torch.stack(path))

    for eta in (0, 1):
        theirs = exact(DDIMScheduler(**common, clip_sample=True, set_alpha_to_one=True, timestep_spacing="leading"), beta)
        theirs.set_timesteps(20)
        assert theirs.timesteps.tolist() == list(range(0, T, T // 20))[::-1]
        x, path = start, []
        for i, t in enumerate(theirs.timesteps):
            x = theirs.step(epsilons[i], t, x, eta=float(eta), use_clipped_model_output=True,
                               variance_noise=noises[i]).prev_sample
            path.append(x)
        array(f"fixture_{schedule}_ddim_eta{eta}", torch.stack(path))

# One term of the bound at t = 500 of the linear schedule: torch.distributions' KL, in bits, before the mean
beta = np.linspace(1e-4, 0.02, T)
bar = np.cumprod(1 - beta)
t = 500
x0 = torch.tensor(rng.uniform(-1, 1, D))
x_t = np.sqrt(bar[t]) * x0 + np.sqrt(1 - bar[t]) * torch.tensor(rng.standard_normal(D))
predicted = (x_t - np.sqrt(1 - bar[t]) * epsilons[0].flatten()) / np.sqrt(bar[t])
small = beta[t] * (1 - bar[t - 1]) / (1 - bar[t])
frac = (variances[0].flatten() + 1) / 2
of_x0, of_x = beta[t] * np.sqrt(bar[t - 1]) / (1 - bar[t]), (1 - bar[t - 1]) * np.sqrt(1 - beta[t]) / (1 - bar[t])
true = torch.distributions.Normal(of_x0 * x0 + of_x * x_t, np.sqrt(small) * torch.ones(D, dtype=torch.float64))
model = torch.distributions.Normal(of_x0 * predicted + of_x * x_t,
                                   torch.exp(0.5 * (frac * np.log(beta[t]) + (1 - frac) * np.log(small))))
array("fixture_vlb_x0", x0)
array("fixture_vlb_x_t", x_t)
array("fixture_vlb_bits", torch.distributions.kl_divergence(true, model) / np.log(2))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures.inc")
with open(path, "w") as file:
    file.write(f"// Made by make_fixtures.py with diffusers {diffusers.__version__}, torch {torch.__version__.split('+')[0]}. "
               f"Do not edit.\n#pragma once\n#include <cstdint>\n#include <vector>\n\n// clang-format off\n" + "".join(out))
