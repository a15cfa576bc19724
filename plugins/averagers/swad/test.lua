local basin, toy = require "basin", require "toy"
local data, process, weights, distance = toy.data, toy.process, toy.weights, toy.distance

local held_out = basin.dataset "gaussian" { count = 64, size = 8, seed = 1 }

-- Trains with a loss of the script's own, which the validation asks too: once at the start, to see that it can, then it is
-- `scripted[k]` the k-th time.
local function trained(name, scripted, options, validation)
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  local history, asked = { [0] = weights(model) }, -1
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, validation = validation, process = process, steps = 2 * #scripted, batch = 8,
    optimizer = basin.optimizer "adam" { lr = 1e-2 }, averages = { swad = basin.averager("swad", options) },
    loss = function(denoiser, x0, noise, t, context)
      local losses = ((denoiser(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4)
      if #x0 == 8 then return losses end
      asked = asked + 1
      return losses * 0 + (scripted[asked] or 0)
    end,
    on_step = function(step) history[step.step] = weights(model) end,
  }
  return model, history, asked
end
local function mean(history, first, last)
  local all = {}
  for name in pairs(history[0]) do
    local sum = history[first][name]
    for n = first + 1, last do sum = sum + history[n][name] end
    all[name] = sum / (last - first + 1)
  end
  return all
end
local function expect(model, history, first, last)
  local moved = distance(history[#history], history[0])
  local away = distance(weights(model:averaged "swad"), mean(history, first, last))
  assert(moved > 0 and away < 1e-5 * moved, ("%g away of %g"):format(away, moved))
end

-- The least of 3 in a row is the fourth; the last two of 10 are above 1.3 times the mean of the fourth to sixth. So the
-- segments 4 to 8 of two steps each: the steps 7 to 16. Then nothing is asked any more.
local scripted = { 9, 8, 7, 5, 6, 6, 5.5, 7, 8, 9, 1, 1 }
local model, history, asked = trained("swad-valley", scripted, { every = 2, converge = 3, overfit = 2 }, held_out)
expect(model, history, 7, 16)
assert(asked == 10, asked)

-- Without a sign of overfitting it goes on to the end, without a valley it does not begin.
model, history = trained("swad-open", scripted, { every = 2, converge = 3, overfit = 2, tolerance = 10 }, held_out)
expect(model, history, 7, 24)
model, history = trained("swad-none", { 9, 8, 7, 6, 5 }, { every = 2 }, held_out)
expect(model, history, 10, 10)

local ok, message = pcall(trained, "swad-refused", { 1, 1 }, { every = 2 }, nil)
assert(not ok and tostring(message):find("no held-out items", 1, true) and tostring(message):find "swad", message)
print "ok"
