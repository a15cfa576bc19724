local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, distance, close, refused = toy.weights, toy.distance, toy.close, toy.refused

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
