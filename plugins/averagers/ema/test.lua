local basin, toy = require "basin", require "toy"
local data, process, tiny, weights, distance = toy.data, toy.process, toy.tiny, toy.weights, toy.distance

-- Trains and keeps the weights after every step.
local model, history = tiny(), {}
history[0] = weights(model)
basin.run { name = "ema", device = "cpu" }:train {
  model = model, data = data, process = process, steps = 6, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-2 },
  averages = {
    plain = basin.averager "ema" { decay = 0.8 },
    copy = basin.averager "ema" { decay = 0 },
    start = basin.averager "ema" { decay = 1 },
    count = basin.averager "ema" { decay = 0.8, warmup = "count" },
    ramp = basin.averager "ema" { decay = 0.8, warmup = "ramp" },
  },
  on_step = function(step) history[step.step] = weights(model) end,
}
assert(#history == 6)

-- a_n = d_n a_(n-1) + (1 - d_n) w_n, a_0 = w_0
local function closed(decay)
  local all = {}
  for name in pairs(history[0]) do
    local a = history[0][name]
    for n = 1, 6 do a = a * decay(n - 1) + history[n][name] * (1 - decay(n - 1)) end
    all[name] = a
  end
  return all
end
local moved = distance(history[6], history[0])
local function expect(name, wanted)
  local away = distance(weights(model:averaged(name)), wanted)
  assert(away < 1e-5 * moved, ("%s: %g away of %g"):format(name, away, moved))
end
expect("plain", closed(function() return 0.8 end))
expect("copy", history[6])
expect("start", history[0])
expect("count", closed(function(n) return math.min(0.8, (1 + n) / (10 + n)) end))
local half_life = -math.log(2) / math.log(0.8)
expect("ramp", closed(function(n) return n == 0 and 0 or 0.5 ^ (1 / math.min(half_life, n / 20)) end))
assert(distance(weights(model:averaged "plain"), history[6]) > 0.01 * moved)
print "ok"
