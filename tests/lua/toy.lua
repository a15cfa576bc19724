-- What tests of training plugins share: a data set and a model so small that a step takes a millisecond, and checks.
local basin = require "basin"

local toy = {
  data = basin.dataset "gaussian" { count = 64, size = 8 },
  process = basin.process "vp" { schedule = "cosine", steps = 1000 },
}

function toy.tiny(dropout)
  return basin.model "adm_unet" {
    image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, dropout = dropout or 0,
  }
end

-- A copy of all weights, by name.
function toy.weights(model)
  local all = {}
  for name, value in pairs(model:parameters()) do all[name] = value:copy() end
  return all
end

-- The Euclidean distance of two such copies.
function toy.distance(a, b)
  local sum = 0
  for name, value in pairs(a) do sum = sum + ((value - b[name]) ^ 2):sum():item() end
  return math.sqrt(sum)
end

function toy.close(a, b, tolerance)
  assert(math.abs(a - b) <= tolerance * math.abs(b), ("%.9g is not %.9g"):format(a, b))
end

-- make() must fail, with `what` in its message.
function toy.refused(what, make)
  local ok, message = pcall(make)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end

-- What `steps` steps do to a fresh model: how far each weight moved, what the weights were, and the losses.
function toy.trained(name, steps, optimizer)
  local model, losses = toy.tiny(), {}
  local before = toy.weights(model)
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = toy.data, process = toy.process, steps = steps, batch = 16, optimizer = optimizer,
    on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  local change = toy.weights(model)
  for key, value in pairs(change) do change[key] = value - before[key] end
  return change, before, losses
end

-- 300 steps of a fresh model: the share of the first 20 losses that the last 20 are, and the rho that the run's log
-- advises, if it warns of the one there is.
function toy.started(name, optimizer)
  local first, last = 0, 0
  local run = basin.run { name = name, device = "cpu", precision = "fp32" }
  run:train {
    model = toy.tiny(), data = basin.dataset "shapes" { count = 256, size = 8 }, process = toy.process, steps = 300,
    batch = 8, optimizer = optimizer,
    on_step = function(step)
      if step.step <= 20 then first = first + step.loss end
      if step.step > 280 then last = last + step.loss end
    end,
  }
  local log = assert(io.open(run.folder .. "/log.txt"))
  local advice = log:read("a"):match "with rho = [%d.e+]+ the training does not start.*Try rho = ([%d.e+-]+)%. %("
  log:close()
  return last / first, tonumber(advice)
end

-- Trains a tiny model and looks into each run of the closure: the weights and the noise it had, of how many images, and
-- the loss it gave.
-- Gives those, the weights before and after, the loss of every step, and the run.
function toy.watched(name, steps, optimizer, dropout)
  local model, seen, losses = toy.tiny(dropout), {}, {}
  local function loss(denoiser, x0, noise, t, context)
    local of_each = ((denoiser(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4)
    seen[#seen + 1] = { weights = toy.weights(model), noise = noise:copy(), images = #x0, loss = of_each:mean():item() }
    return of_each
  end
  local before = toy.weights(model)
  local run = basin.run { name = name, device = "cpu", precision = "fp32" }
  run:train {
    model = model, data = toy.data, process = toy.process, steps = steps, batch = 8, loss = loss, optimizer = optimizer,
    on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  return seen, before, toy.weights(model), losses, run
end

-- The sharpness that a run reports is L(w + e) - L(w), of which a step's first two runs of the closure are the terms.
function toy.reports_sharpness(name, optimizer)
  local seen, _, _, _, run = toy.watched(name .. "-sharpness", 2, optimizer)
  local sum = 0
  for step = 0, 1 do
    local at_w, moved = seen[step * #seen // 2 + 1], seen[step * #seen // 2 + 2]
    assert(toy.distance(at_w.weights, moved.weights) > 0 and at_w.images == moved.images)
    sum = sum + moved.loss - at_w.loss
  end
  local reported = run:curve "sharpness"
  assert(#reported == 1 and math.abs(sum / 2) > 1e-3, #reported)  -- one row, the mean of both steps
  toy.close(reported:item(), sum / 2, 1e-3)
end

-- The levels that a noise schedule draws for each step's batch of 64, of a process of four steps; the loss is `scale[t]` times
-- the usual one.
function toy.levels(name, schedule, steps, scale)
  local all = {}
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = basin.dataset "gaussian" { count = 64, size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 4 },
    steps = steps, batch = 64, optimizer = basin.optimizer "sgd" { lr = 0 }, noise_schedule = schedule,
    loss = function(model, x0, noise, t, context)
      local drawn, factors = t:totable(), {}
      for i, level in ipairs(drawn) do factors[i] = scale[level] end
      all[#all + 1] = drawn
      return ((model(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4) * basin.tensor(factors)
    end,
  }
  return all
end

-- Each level's share of some steps' batches.
function toy.shares(batches, first, last)
  local counts, total = { [0] = 0, 0, 0, 0 }, 0
  for i = first, last do
    for _, level in ipairs(batches[i]) do
      assert(math.type(level) == "integer" or level == math.floor(level))
      assert(level >= 0 and level <= 3)
      counts[math.floor(level)] = counts[math.floor(level)] + 1
      total = total + 1
    end
  end
  for level = 0, 3 do counts[level] = counts[level] / total end
  return counts
end

return toy
