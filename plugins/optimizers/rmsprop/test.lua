local basin = require "basin"

local data = basin.dataset "gaussian" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local function tiny()
  return basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
end

local function weights(model)
  local all = {}
  for name, value in pairs(model:parameters()) do all[name] = value:copy() end
  return all
end

local function close(a, b, tolerance)
  assert(math.abs(a - b) <= tolerance * math.abs(b), ("%.9g is not %.9g"):format(a, b))
end

local function refused(what, make)
  local ok, message = pcall(make)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end

-- What `steps` steps do to a fresh model: how far each weight moved, what the weights were, and the losses.
local function trained(name, steps, options)
  local model, losses = tiny(), {}
  local before = weights(model)
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = steps, batch = 16,
    optimizer = basin.optimizer("rmsprop", options),
    on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  local change = weights(model)
  for key, value in pairs(change) do change[key] = value - before[key] end
  return change, before, losses
end
local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step is lr g / sqrt((1 - alpha) g^2): lr / sqrt(1 - alpha) for every weight that has a gradient.
local change = trained("rmsprop-first", 1, { lr = 1e-3, alpha = 0.99 })
close(change[last]:abs():max():item(), 1e-2, 1e-3)
close(change[last]:abs():mean():item(), 1e-2, 1e-2)
assert(change[first]:abs():max():item() == 0)
-- Centred, it is lr / sqrt((1 - alpha) - (1 - alpha)^2).
local centered = trained("rmsprop-centred", 1, { lr = 1e-3, alpha = 0.75, centered = true })
close(centered[last]:abs():max():item(), 1e-3 / math.sqrt(0.25 - 0.25 ^ 2), 1e-3)

-- Momentum does nothing in the first step and makes the second longer.
local with, without = { lr = 1e-3, momentum = 0.9 }, { lr = 1e-3 }
local function reach(name, steps, options) return trained(name, steps, options)[last]:abs():sum():item() end
assert(reach("rmsprop-momentum-1", 1, with) == reach("rmsprop-plain-1", 1, without))
assert(reach("rmsprop-momentum-2", 2, with) > 1.2 * reach("rmsprop-plain-2", 2, without))

local _, _, losses = trained("rmsprop-learns", 40, { lr = 1e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("momentum", function() return basin.optimizer "rmsprop" { momentun = 0.5 } end)
print "ok"
