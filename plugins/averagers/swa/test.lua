local basin, toy = require "basin", require "toy"
local data, process, tiny, weights, distance = toy.data, toy.process, toy.tiny, toy.weights, toy.distance

local model, history = tiny(), {}
history[0] = weights(model)
basin.run { name = "swa", device = "cpu" }:train {
  model = model, data = data, process = process, steps = 9, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-2 },
  averages = {
    late = basin.averager "swa" { start = 3, every = 2 },
    all = basin.averager "swa" { every = 1 },
    never = basin.averager "swa" { start = 100 },
  },
  on_step = function(step) history[step.step] = weights(model) end,
}
assert(#history == 9)

-- The plain mean of the snapshots.
local function mean(steps)
  local all = {}
  for name in pairs(history[0]) do
    local sum = history[steps[1]][name]
    for i = 2, #steps do sum = sum + history[steps[i]][name] end
    all[name] = sum / #steps
  end
  return all
end
local moved = distance(history[9], history[0])
local function expect(name, wanted)
  local away = distance(weights(model:averaged(name)), wanted)
  assert(away < 1e-6 * moved, ("%s: %g away of %g"):format(name, away, moved))
end
expect("late", mean { 5, 7, 9 })
expect("all", mean { 1, 2, 3, 4, 5, 6, 7, 8, 9 })
expect("never", history[9])
print "ok"
