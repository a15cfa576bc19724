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
    optimizer = basin.optimizer("lion", options),
    on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  local change = weights(model)
  for key, value in pairs(change) do change[key] = value - before[key] end
  return change, before, losses
end
local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step moves every weight that has a gradient by lr.
local change = trained("lion-first", 1, { lr = 1e-3 })
close(change[last]:abs():max():item(), 1e-3, 1e-5)
close(change[last]:abs():mean():item(), 1e-3, 1e-5)
assert(change[first]:abs():max():item() == 0)

-- Decoupled decay: weights without a gradient shrink by lr times weight_decay and no more.
local decayed, before = trained("lion-decay", 1, { lr = 1e-2, weight_decay = 0.5 })
assert((decayed[first] + before[first] * 0.005):abs():max():item() < 1e-7)

local _, _, losses = trained("lion-learns", 40, { lr = 1e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("beta1", function() return basin.optimizer "lion" { beta1 = 1.5 } end)
print "ok"
