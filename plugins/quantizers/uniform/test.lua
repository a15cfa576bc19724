local basin, toy = require "basin", require "toy"
local refused = toy.refused

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local run = basin.run { name = "uniform-quantizer", device = "cpu", precision = "fp32" }
local function quantized(options) return run:quantize { model = model, quantizer = basin.quantizer("uniform", options) } end

-- Every weight lies on a grid of its channel, within half a step of where it was.
local original = model:parameters()
local name = "input_blocks.1.0.in_layers.2.weight"  -- [32,32,3,3]
for _, bits in ipairs { 2, 4, 8 } do
  local small, report = quantized { bits = bits }
  local now, n = small:parameters(), 2 ^ (bits - 1) - 1
  for channel = 1, 3 do
    local w, q = original[name][channel], now[name][channel]
    local step = w:abs():max():item() / n
    assert((w - q):abs():max():item() <= 0.5001 * step)
    for _, value in ipairs(q:reshape(-1):totable()) do
      local code = value / step
      assert(math.abs(code - math.floor(code + 0.5)) < 1e-3 and math.abs(code) < n + 0.5)
    end
  end
  -- Norms and biases stay as they are; so does the original.
  assert((now["out.0.weight"] - original["out.0.weight"]):abs():max():item() == 0)
  assert((now["input_blocks.0.0.bias"] - original["input_blocks.0.0.bias"]):abs():max():item() == 0)
  -- Size: the codes and a 32-bit scale for each channel.
  assert(report.layers > 0 and report.weights < model.count)
  assert(report.bits_per_weight > bits and report.bits_per_weight < bits + 1, report.bits_per_weight)
  assert(report.bytes_after < report.bytes_before)
end
assert((original[name] - model:parameters()[name]):abs():max():item() == 0)

-- Fewer bits and coarser scales: a larger error. Weights that lie on the grid stay there.
local function loss_of(options) return select(2, quantized(options)).relative_error end
assert(loss_of { bits = 4 } > loss_of { bits = 6 } and loss_of { bits = 6 } > loss_of { bits = 8 })
assert(loss_of { bits = 4, granularity = "tensor" } > loss_of { bits = 4 })
for _, scheme in ipairs { "symmetric", "affine" } do
  local once = quantized { bits = 3, scheme = scheme }
  refused("quantized model", function() run:quantize { model = once, quantizer = basin.quantizer "uniform" {} } end)
  once:save "once.safetensors"
  local plain = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  plain:load "once.safetensors"
  local twice, report = run:quantize { model = plain, quantizer = basin.quantizer("uniform", { bits = 3, scheme = scheme }) }
  assert(report.relative_error == 0, report.relative_error)
  assert((once:parameters()[name] - twice:parameters()[name]):abs():max():item() == 0)
end

-- A fixed range: one grid for every layer, and what lies beyond it is clipped.
for scheme, step in pairs { symmetric = 0.05 / 7, affine = 0.1 / 15 } do
  local clipped = quantized { bits = 4, clip = 0.05, scheme = scheme }
  for _, layer in ipairs { name, "out.2.weight", "time_embed.0.weight" } do
    local w, q = original[layer], clipped:parameters()[layer]
    local codes = q / step
    assert((codes - codes:round()):abs():max():item() < 1e-3, layer)
    assert((w:clamp(-0.05, 0.05) - q):abs():max():item() <= (scheme == "symmetric" and 0.501 or 1.001) * step, layer)
  end
end
local halved = quantized { bits = 8, clip = 0.5, which = "all" }
assert((halved:parameters()["out.0.weight"] - 0.5):abs():max():item() < 1e-6)  -- a norm's gains, which are 1

-- All parameters.
local every, report = quantized { bits = 4, which = "all" }
assert(report.weights == model.count)
local layers, count = {}, 0  -- a layer counts once, whether it has a weight, a bias or both
for parameter in pairs(original) do
  local layer = parameter:match "(.*)%.[^.]*$"
  if not layers[layer] then layers[layer], count = true, count + 1 end
end
assert(report.layers == count, report.layers)
assert((every:parameters()["input_blocks.0.0.bias"] - original["input_blocks.0.0.bias"]):abs():max():item() > 0)

refused("bits", function() return basin.quantizer "uniform" { bits = 1 } end)
refused("granularity", function() return basin.quantizer "uniform" { granularity = "row" } end)
print "ok"
