local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, close, refused = toy.weights, toy.close, toy.refused

-- The first step moves every weight that has a gradient by lr, against it: |m| / sqrt(v) is 1.
local model = tiny()
local before = weights(model)
basin.run { name = "adam-first", device = "cpu" }:train {
  model = model, data = data, process = process, steps = 1, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-3 },
}
local after = weights(model)
close((after["out.2.weight"] - before["out.2.weight"]):abs():max():item(), 1e-3, 1e-3)
close((after["out.2.bias"] - before["out.2.bias"]):abs():max():item(), 1e-3, 1e-3)

-- Decoupled decay: weights without a gradient (the last layer begins as 0) shrink by lr times weight_decay and no more.
model = tiny()
before = weights(model)
basin.run { name = "adam-decay", device = "cpu" }:train {
  model = model, data = data, process = process, steps = 1, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2, weight_decay = 0.5 },
}
after = weights(model)
local name = "input_blocks.0.0.weight"
close((after[name] - before[name] * (1 - 1e-2 * 0.5)):abs():max():item() + 1, 1, 1e-6)

-- It learns.
local losses = {}
basin.run { name = "adam-learns", device = "cpu" }:train {
  model = tiny(), data = data, process = process, steps = 40, batch = 16, optimizer = basin.optimizer "adam" { lr = 3e-3 },
  on_step = function(step) losses[#losses + 1] = step.loss end,
}
assert(losses[#losses] < 0.9 * losses[1])

refused("lr", function() return basin.optimizer "adam" { lr = -1 } end)
refused("beta1", function() return basin.optimizer "adam" { beta_1 = 0.5 } end)
print "ok"
