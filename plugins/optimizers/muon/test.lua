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
    optimizer = basin.optimizer("muon", options),
    on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  local change = weights(model)
  for key, value in pairs(change) do change[key] = value - before[key] end
  return change, before, losses
end
local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The last layer's 3 filters are the rows of a matrix [3, 288]: its step has three singular values near lr. The bias
-- gets Adam's first step, and what has no gradient stays.
local change = trained("muon-first", 1, { lr = 0.01, adam_lr = 1e-3 })
local singular = (change[last] ^ 2):sum():item() / 0.01 ^ 2
assert(singular > 3 * 0.6 ^ 2 and singular < 3 * 1.3 ^ 2, singular)
close(change["out.2.bias"]:abs():max():item(), 1e-3, 1e-4)
assert(change[first]:abs():max():item() == 0)

-- The other scale: 0.2 sqrt(288) times as far.
local rms = trained("muon-rms", 1, { lr = 0.01, scale = "rms" })
close((rms[last] ^ 2):sum():item() / (change[last] ^ 2):sum():item(), 0.04 * 288, 1e-3)

-- A layer that is given to Adam moves by adam_lr.
local given = trained("muon-adam", 1, { lr = 0.01, adam_lr = 1e-3, adam_for = "out.2" })
close(given[last]:abs():max():item(), 1e-3, 1e-4)

local _, _, losses = trained("muon-learns", 40, { lr = 0.02, adam_lr = 3e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("no other parameter", function() trained("muon-refused", 1, { adam_for = "head" }) end)
refused("scale", function() return basin.optimizer "muon" { scale = "spectral" } end)
print "ok"
