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

local function close(a, b, tolerance)
  assert(math.abs(a - b) <= tolerance * math.abs(b), ("%.9g is not %.9g"):format(a, b))
end

local function refused(what, make)
  local ok, message = pcall(make)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end

-- How far each step goes, when all gradients are scaled to one length: the learning rate.
local function rates(name, steps, options)
  options.base = basin.optimizer "clip" { norm = 1e-4, base = basin.optimizer "sgd" { lr = 10 } }
  local model, all = tiny(), {}
  local before = weights(model)
  basin.run { name = name, device = "cpu" }:train {
    model = model, data = data, process = process, steps = steps, batch = 8,
    optimizer = basin.optimizer("lr_schedule", options),
    on_step = function()
      local now = weights(model)
      all[#all + 1] = distance(now, before) / 1e-3
      before = now
    end,
  }
  return all
end
local function expect(found, wanted)
  assert(#found == #wanted)
  for i, value in ipairs(wanted) do assert(math.abs(found[i] - value) < 0.02, ("step %d: %g, not %g"):format(i, found[i], value)) end
end

expect(rates("lr-constant", 3, {}), { 1, 1, 1 })
expect(rates("lr-warmup", 5, { warmup = 4 }), { 0.25, 0.5, 0.75, 1, 1 })
expect(rates("lr-linear", 5, { shape = "linear", steps = 4 }), { 1, 0.75, 0.5, 0.25, 0 })
expect(rates("lr-cosine", 5, { shape = "cosine", warmup = 1, steps = 5, floor = 0.5 }), { 1, 1, 0.927, 0.75, 0.573 })

refused("length of the run", function()
  return rates("lr-refused", 1, { shape = "cosine" })
end)
print "ok"
