-- Weights in and out: what was written is read; a file of another model, or half of one, is refused by name and changes
-- nothing.
local basin = require "basin"

local function model(channels)
  return basin.model "adm_unet" { image = 8, channels = channels, multipliers = { 1 }, blocks = 1, attention = {} }
end
local function total(m)
  local sum = 0
  for _, value in pairs(m:parameters()) do sum = sum + (value ^ 2):sum():item() end
  return sum
end

local a, b, other = model(32), model(32), model(64)
for _, value in pairs(a:parameters()) do assert(value:shape()[1] > 0) end
local run = basin.run { name = "weights", device = "cpu" }
run:train {
  model = a, data = basin.dataset "shapes" { count = 32, size = 8 }, process = basin.process "vp", steps = 2, batch = 4,
  optimizer = basin.optimizer "adam" { lr = 0.01 }, averages = { ema = basin.averager "ema" { decay = 0.5 } },
}
a:save "a.safetensors"
assert(total(a) ~= total(b))
assert(b:load "a.safetensors" == b)
assert(total(a) == total(b))
assert(total(b:load(run.folder .. "/checkpoints/ema.safetensors")) == total(a:averaged "ema"))
b:load(run.folder .. "/checkpoints/model.safetensors")
assert(total(a) == total(b))

-- A loaded model is measured and sampled as the one it came from.
local process = basin.process "vp"
local sampler = basin.sampler "ddim" { steps = 2 }
local one = run:sample { model = a, sampler = sampler, count = 2 }
local two = basin.run { name = "loaded", device = "cpu" }:sample { model = b, sampler = sampler, count = 2, process = process }
assert((one.pixels - two.pixels):abs():max():item() == 0)
assert(tostring(one) == "2 images 3x8x8 (raw)" and one.count == 2 and one.shape[1] == 3)
one:grid("grids/one.png", 2)
one:save "images"
assert(io.open "grids/one.png" and io.open "images/000002.png")

local before = total(b)
local function refused(what, f)
  local ok, message = pcall(f)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("a.safetensors", function() other:load "a.safetensors" end)
refused("no-such-file", function() b:load "no-such-file.safetensors" end)
local file = assert(io.open("a.safetensors", "rb"))
local bytes = file:read "a"
file:close()
file = assert(io.open("half.safetensors", "wb"))
file:write(bytes:sub(1, #bytes // 2))
file:close()
refused("half.safetensors", function() b:load "half.safetensors" end)
file = assert(io.open("text.safetensors", "wb"))
file:write "these are no weights"
file:close()
refused("text.safetensors", function() b:load "text.safetensors" end)
refused("/no/such/folder", function() b:save "/no/such/folder/a.safetensors" end)
assert(total(b) == before)

-- While a model trains, its averages are there as they stand after the step: those of a training that ends at that step.
local function averaging(name, steps, on_step)
  local trained = model(32)
  basin.run { name = name, device = "cpu" }:train {
    model = trained, data = basin.dataset "shapes" { count = 32, size = 8 }, process = process, steps = steps, batch = 4,
    optimizer = basin.optimizer "adam" { lr = 0.01 }, averages = { ema = basin.averager "ema" { decay = 0.5 } },
    on_step = on_step and function(at) on_step(at, trained) end,
  }
  return trained
end
local now, again, changed
local longer = averaging("longer", 4, function(at, trained)
  if at.step ~= 2 then return end
  now = trained:averaged "ema"
  again, changed = pcall(trained.averaged, trained, "ema", { decay = 0.1 })
end)
assert(total(now) == total(averaging("shorter", 2):averaged "ema"))
assert(total(now) ~= total(longer:averaged "ema"))
assert(not again and changed:find("still being made", 1, true), changed)

-- Names and shapes do not tell the order of q, k and v: a file without metadata is taken as the model's own, and it is said.
basin.save("bare.safetensors", a:parameters())
b:load "bare.safetensors"
--> note: 'bare.safetensors' does not say which order its weights are for; taken as the model's, "new"
--> note: 'bare.safetensors' does not say which target its weights are for; taken as the model's, "epsilon"
assert(total(a) == total(b))
local legacy = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, order = "legacy" }
legacy:load "bare.safetensors"
--> note: 'bare.safetensors' does not say which order its weights are for; taken as the model's, "legacy"
--> note: 'bare.safetensors' does not say which target its weights are for; taken as the model's, "epsilon"
refused('weights for order = "new", and the model was made with order = "legacy"', function() legacy:load "a.safetensors" end)
