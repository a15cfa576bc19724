local basin = require "basin"

local data = basin.dataset "gaussian" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local function tiny(dropout)
  return basin.model "adm_unet" {
    image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, dropout = dropout or 0,
  }
end

local function weights(model)
  local all = {}
  for name, value in pairs(model:parameters()) do all[name] = value:copy() end
  return all
end
local function distance(a, b)
  local sum = 0
  for name, value in pairs(a) do sum = sum + ((value - b[name]) ^ 2):sum():item() end
  return math.sqrt(sum)
end

local function close(a, b, tolerance)
  assert(math.abs(a - b) <= tolerance * math.abs(b), ("%.9g is not %.9g"):format(a, b))
end

local function refused(what, make)
  local ok, message = pcall(make)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end

-- How far one step of plain descent goes: lr times the norm of the gradients.
local function reach(name, optimizer)
  local model = tiny()
  local before = weights(model)
  basin.run { name = name, device = "cpu" }:train {
    model = model, data = data, process = process, steps = 1, batch = 8, optimizer = optimizer,
  }
  return distance(weights(model), before)
end
local sgd = basin.optimizer "sgd" { lr = 1 }
local free = reach("clip-free", sgd)
assert(free > 0)
close(reach("clip-half", basin.optimizer("clip", { norm = free / 2, base = sgd })), free / 2, 1e-4)
assert(reach("clip-wide", basin.optimizer("clip", { norm = free * 2, base = sgd })) == free)

refused("norm", function() return basin.optimizer "clip" { norm = -1, base = sgd } end)
print "ok"
