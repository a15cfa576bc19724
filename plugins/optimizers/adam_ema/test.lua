local basin, toy = require "basin", require "toy"
local data, process, weights, distance, refused = toy.data, toy.process, toy.weights, toy.distance, toy.refused

-- The weights after training, their average, and what they were after every step.
local function trained(name, optimizer, averager)
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  local history = { [0] = weights(model) }
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = 8, batch = 8, optimizer = optimizer,
    averages = { mean = averager }, on_step = function(step) history[step.step] = weights(model) end,
  }
  return weights(model), weights(model:averaged "mean"), history
end

local function fused() return basin.optimizer "adam_ema" { lr = 1e-2, weight_decay = 0.1, decay = 0.8 } end
local w, average, history = trained("adam-ema", fused(), basin.averager "adam_ema" {})
local moved = distance(w, history[0])
assert(#history == 8 and moved > 0)

-- a_n = decay a_(n-1) + (1 - decay) w_n, a_0 = w_0
local expected = {}
for name in pairs(w) do
  local a = history[0][name]
  for n = 1, 8 do a = a * 0.8 + history[n][name] * 0.2 end
  expected[name] = a
end
assert(distance(average, expected) < 1e-5 * moved)
assert(distance(average, w) > 0.01 * moved)

-- The same as adam and ema one after the other, and under a wrapper.
local adam, ema = basin.optimizer "adam" { lr = 1e-2, weight_decay = 0.1 }, basin.averager "ema" { decay = 0.8 }
local w2, average2 = trained("adam-ema-apart", adam, ema)
assert(distance(w, w2) < 1e-5 * moved and distance(average, average2) < 1e-5 * moved)
local clipped, clipped_average =
  trained("adam-ema-clip", basin.optimizer("clip", { norm = 1e9, base = fused() }), basin.averager "adam_ema" {})
assert(distance(clipped, w) == 0 and distance(clipped_average, average) == 0)

refused("train with that optimizer", function() trained("adam-ema-refused", adam, basin.averager "adam_ema" {}) end)
print "ok"
