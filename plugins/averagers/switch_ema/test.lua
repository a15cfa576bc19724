local basin, toy = require "basin", require "toy"
local data, process, tiny, weights, distance = toy.data, toy.process, toy.tiny, toy.weights, toy.distance

-- Every third step the weights are the average; between, they are what the optimizer made of it.
local model, history = tiny(), {}
basin.run { name = "switch-ema", device = "cpu" }:train {
  model = model, data = data, process = process, steps = 7, batch = 8, optimizer = basin.optimizer "sgd" { lr = 0.1 },
  averages = {
    a_raw = basin.averager "ema" { decay = 0 },                              -- updated before: the weights of the step
    switch = basin.averager "switch_ema" { decay = 0.5, every = 3 },
    z_raw = basin.averager "ema" { decay = 0 },                              -- and behind: the switched ones
  },
  on_step = function(step) history[step.step] = weights(model) end,
}
local average = weights(model:averaged "switch")
assert(distance(weights(model:averaged "z_raw"), history[7]) == 0)
assert(distance(average, history[7]) > 0)

-- The same, by hand: six steps end on a switch.
local six = tiny()
basin.run { name = "switch-ema-six", device = "cpu" }:train {
  model = six, data = data, process = process, steps = 6, batch = 8, optimizer = basin.optimizer "sgd" { lr = 0.1 },
  averages = {
    a_raw = basin.averager "ema" { decay = 0 },
    switch = basin.averager "switch_ema" { decay = 0.5, every = 3 },
  },
}
assert(distance(weights(six), weights(six:averaged "switch")) == 0)
assert(distance(weights(six:averaged "a_raw"), weights(six)) > 0)
assert(distance(weights(six), history[6]) == 0)

-- decay = 0: the average is the weights, and the switch changes nothing.
local plain, same = tiny(), tiny()
for name, model in pairs { plain = plain, same = same } do
  basin.run { name = "switch-ema-" .. name, device = "cpu" }:train {
    model = model, data = data, process = process, steps = 4, batch = 8, optimizer = basin.optimizer "sgd" { lr = 0.1 },
    averages = { ema = basin.averager(name == "same" and "switch_ema" or "ema", { decay = 0 }) },
  }
end
assert(distance(weights(plain), weights(same)) == 0)
print "ok"
