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
