-- The study's compositions: each is one nesting, and all averages of a training stand beside each other.
local basin, toy = require "basin", require "toy"
local weights, distance = toy.weights, toy.distance

local adam = basin.optimizer "adam" { lr = 1e-2 }
local sam = basin.optimizer "sam" { rho = 0.05, base = adam }
local function averages()
  return {
    ema = basin.averager "ema" { decay = 0.8 },
    swa = basin.averager "swa" { start = 6, every = 3 },
    pema = basin.averager "post_hoc_ema" { every = 2 },
  }
end
local function trained(name, optimizer, perturbation, averagers)
  local model, history = toy.tiny(), {}
  local run = basin.run { name = "composition-" .. name, device = "cpu", precision = "fp32" }
  run:train {
    model = model, data = toy.data, process = toy.process, steps = 24, batch = 8, optimizer = optimizer,
    input_perturbation = perturbation, averages = averagers, log_every = 8,
    on_step = function(step) history[step.step] = weights(model) end,
  }
  return model, history, run
end
local function combined(history, share)
  local all = {}
  for name in pairs(history[1]) do
    local sum
    for step = 1, #history do
      local part = share(step)
      if part ~= 0 then sum = sum and sum + history[step][name] * part or history[step][name] * part end
    end
    all[name] = sum
  end
  return all
end

local last = {}
for name, way in pairs {
  adam = { adam, 0 }, ip = { adam, 0.1 }, sam = { sam, 0 }, sam_ip = { sam, 0.1 },
} do
  -- Averages do not change the training; each is its closed form over the weights of this one.
  local model, history, run = trained(name, way[1], way[2], averages())
  local alone = trained(name .. "-alone", way[1], way[2], {})
  assert(distance(weights(model), weights(alone)) == 0)
  local moved = distance(history[24], history[1])
  local function near(which, wanted, tolerance)
    local off = distance(weights(which), wanted)
    assert(off < tolerance * moved, ("%s, %s: off by %g of %g"):format(name, which.label, off, moved))
  end
  near(model:averaged "swa", combined(history, function(s) return s > 6 and (s - 6) % 3 == 0 and 1 / 6 or 0 end), 1e-5)
  local gamma = 11
  near(model:averaged("pema", { gamma = gamma }),
    combined(history, function(s) return (s / 24) ^ (gamma + 1) - ((s - 1) / 24) ^ (gamma + 1) end), 1e-2)
  local ema = weights(model:averaged "ema")
  assert(distance(ema, history[24]) > 0.01 * moved)
  last[name] = history[24]

  -- SAM's sharpness is among the curves, Adam has none.
  local file = assert(io.open(run.folder .. "/metrics.jsonl"))
  local lines = 0
  for line in file:lines() do
    lines = lines + 1
    assert((line:find('"sharpness":', 1, true) ~= nil) == (way[1] == sam), line)
  end
  file:close()
  assert(lines == 3, lines)
end
assert(distance(last.adam, last.ip) > 0 and distance(last.adam, last.sam) > 0 and distance(last.ip, last.sam_ip) > 0)
print "ok"
