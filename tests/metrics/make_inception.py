#!/usr/bin/env python3
"""make_inception.py: writes inception.safetensors, what pytorch-fid, torch-fidelity and clean-fid compute with weights
that a formula gives, so that the test needs no file of weights.

    pip install torch torchvision pytorch-fid torch-fidelity clean-fid safetensors
"""
import pathlib
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "scripts"))
from convert_inception import EPSILON, fold  # noqa: E402


def uniform(size, stream):
    """Numbers in (-1, 1): a hash of position and stream in 32 bits, the same in inception.cpp."""
    v = (torch.arange(int(np.prod(size)), dtype=torch.int64) + stream * 40503 + 12345) & 0xFFFFFFFF
    for multiplier, shift in ((2654435761, 15), (2246822519, 13), (3266489917, 16)):
        v = (v * multiplier) & 0xFFFFFFFF
        v = v ^ (v >> shift)
    return (v.double() / 2**31 - 1).reshape(size)


def fill(network):
    """Weights of the folded network by formula; the batch norms undo what folding will do to them."""
    wanted, state = {}, network.state_dict()
    convolutions = sorted(name for name in state if name.endswith(".conv.weight"))
    for k, name in enumerate(convolutions):
        block, shape = name[: -len("conv.weight")], state[name].shape
        fan_in = int(np.prod(shape[1:]))
        weight, bias = uniform(shape, 2 * k) * (6 / fan_in) ** 0.5, uniform(shape[:1], 2 * k + 1) * 0.1
        gain, mean, variance = 1 + 0.3 * uniform(shape[:1], 1000 + k), 0.2 * uniform(shape[:1], 2000 + k), 1 + 0.5 * uniform(shape[:1], 3000 + k)
        scale = gain / (variance + EPSILON).sqrt()
        wanted[name], wanted[f"{block}conv.bias"] = weight.float(), bias.float()
        state[name] = (weight / scale[:, None, None, None]).float()
        state[f"{block}bn.weight"], state[f"{block}bn.running_mean"] = gain.float(), mean.float()
        state[f"{block}bn.running_var"], state[f"{block}bn.bias"] = variance.float(), (bias + mean * scale).float()
    for k, name in enumerate(("fc.weight", "fc.bias")):
        state[name] = wanted[name] = (uniform(state[name].shape, 5000 + k) * 0.05).float()
    network.load_state_dict(state)
    folded = fold(network.state_dict())
    for name, value in wanted.items():
        assert torch.allclose(folded[name], value, rtol=1e-5, atol=1e-6), name
    return network.eval()


def pytorch_fid_network():
    import pytorch_fid.inception as inception

    inception.load_state_dict_from_url = lambda *a, **k: None  # its weights are not needed
    original = torch.nn.Module.load_state_dict
    torch.nn.Module.load_state_dict = lambda self, state, *a, **k: original(self, state, *a, **k) if state else None
    try:
        return inception, fill(inception.fid_inception_v3())
    finally:
        torch.nn.Module.load_state_dict = original


@torch.no_grad()
def main():
    ramp = torch.arange(2 * 3 * 40 * 33).reshape(2, 3, 40, 33)
    images = (64 * uniform(ramp.shape, 9000) + 96 + 90 * torch.sin(ramp / 7) * torch.cos(ramp / 401)).clamp(0, 255).to(torch.uint8)
    module, network = pytorch_fid_network()

    class Local(module.InceptionV3):  # its blocks, around the network above
        pass

    module.fid_inception_v3 = lambda: network
    reference = Local([0, 1, 2, 3], resize_input=True, normalize_input=True).eval()
    seen = {}
    network.Mixed_6d.branch1x1.register_forward_hook(lambda m, i, o: seen.update(spatial=o[:, :7].permute(0, 2, 3, 1).flatten(1)))
    layers = [layer.mean((2, 3)) for layer in reference(images.float() / 255)]
    out = {"images": images, "64": layers[0], "192": layers[1], "768": layers[2], "pytorch": layers[3], "spatial": seen["spatial"]}
    out["logits"] = network.fc(out["pytorch"])

    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        torch.save(network.state_dict(), file.name)
        extractor = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"],
                                                feature_extractor_weights_path=file.name)
    out["tensorflow"], out["unbiased"] = extractor(images)

    from cleanfid.resize import make_resizer
    resize = make_resizer("PIL", False, "bicubic", (299, 299))
    clean = np.stack([resize(image.permute(1, 2, 0).numpy()) for image in images])
    clean = torch.tensor(clean).permute(0, 3, 1, 2).float().clamp(0, 255)
    seen.clear()
    plain = Local([3], resize_input=False, normalize_input=False).eval()
    out["clean"] = plain((clean - 128) / 128)[0].flatten(1)
    safetensors.torch.save_file({key: value.contiguous() for key, value in out.items()}, HERE / "inception.safetensors")
    print({key: (tuple(value.shape), float(value.double().std())) for key, value in out.items()})


if __name__ == "__main__":
    main()
