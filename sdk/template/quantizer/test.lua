-- What my_quantizer must do: three values a channel, the formulas' ones; the original untouched; twice is once.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_quantizer").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_quantizer.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local run = basin.run { name = "test-quantizer", device = "cpu", precision = "fp32" }
local function quantized(from, options) return run:quantize { model = from, quantizer = basin.quantizer("my_quantizer", options) } end

local name = "input_blocks.1.0.in_layers.2.weight"  -- [32,32,3,3]
local original = model:parameters()[name]:copy()
local small, report = quantized(model, {})
for channel = 1, 3 do
  local w, q = original[channel]:reshape(-1):totable(), small:parameters()[name][channel]:reshape(-1):totable()
  local mean, above, count = 0, 0, 0
  for _, v in ipairs(w) do mean = mean + math.abs(v) / #w end
  for _, v in ipairs(w) do
    if math.abs(v) > 0.7 * mean then above, count = above + math.abs(v), count + 1 end
  end
  for i, v in ipairs(w) do
    local wanted = math.abs(v) > 0.7 * mean and above / count * (v > 0 and 1 or -1) or 0
    assert(math.abs(q[i] - wanted) < 1e-6, ("%g became %g, not %g"):format(v, q[i], wanted))
  end
end
assert((model:parameters()[name] - original):abs():max():item() == 0)
assert((small:parameters()["out.0.weight"] - model:parameters()["out.0.weight"]):abs():max():item() == 0)  -- a norm

assert(report.layers > 0 and report.weights < model.count)
assert(report.bits_per_weight > 2 and report.bits_per_weight < 3, report.bits_per_weight)
-- Begun as uniform in (-b, b): d = 0.35 b, a = 0.675 b, so the error is sqrt(0.1115) of the weights, by integration.
local error = (small:parameters()[name] - original):reshape(-1)
local relative = math.sqrt((error * error):sum():item() / (original * original):sum():item())
assert(math.abs(relative - math.sqrt(0.1115)) < 0.01, relative)
small:save "small.safetensors"  -- a quantized model is not quantized again, but its weights in a plain one are
local plain = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
plain:load "small.safetensors"
local twice = quantized(plain, {})
assert((twice:parameters()[name] - small:parameters()[name]):abs():max():item() < 1e-6)

local ok, message = pcall(function() return basin.quantizer "my_quantizer" { threshold = -1 } end)
assert(not ok and tostring(message):find "threshold", message)
print "ok"
