local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, distance, refused = toy.weights, toy.distance, toy.refused

-- What `steps` steps do to a fresh model.
local function trained(name, steps, options)
  local model = tiny()
  local before = weights(model)
  basin.run { name = name, device = "cpu" }:train {
    model = model, data = data, process = process, steps = steps, batch = 8, optimizer = basin.optimizer("sgd", options),
  }
  local after, change = weights(model), {}
  for key, value in pairs(after) do change[key] = value - before[key] end
  return change, before
end
local function scaled(change, factor)
  local out = {}
  for key, value in pairs(change) do out[key] = value * factor end
  return out
end
local function size(change) return distance(change, scaled(change, 0)) end

-- One step is lr times the gradient.
local one, two = trained("sgd-one", 1, { lr = 0.1 }), trained("sgd-two", 1, { lr = 0.2 })
assert(size(one) > 0)
assert(distance(scaled(one, 2), two) < 1e-5 * size(two))

-- Momentum does nothing in the first step, Nesterov's adds momentum times the gradient.
assert(distance(trained("sgd-momentum", 1, { lr = 0.1, momentum = 0.9 }), one) == 0)
local nesterov = trained("sgd-nesterov", 1, { lr = 0.1, momentum = 0.9, nesterov = true })
assert(distance(nesterov, scaled(one, 1.9)) < 1e-5 * size(nesterov))
-- In two it does.
assert(size(trained("sgd-momentum-2", 2, { lr = 0.1, momentum = 0.9 })) > 1.2 * size(trained("sgd-2", 2, { lr = 0.1 })))

-- Decay: weights without a gradient shrink by lr times weight_decay.
local change, before = trained("sgd-decay", 1, { lr = 0.1, weight_decay = 0.5 })
local name = "input_blocks.0.0.weight"
assert((change[name] + before[name] * 0.05):abs():max():item() < 1e-7)

refused("needs momentum", function()
  return basin.run { name = "sgd-refused", device = "cpu" }:train {
    model = tiny(), data = data, process = process, steps = 1, batch = 8,
    optimizer = basin.optimizer "sgd" { nesterov = true },
  }
end)
print "ok"
