-- What my_sampler must do: go where many small steps of DDIM without noise go, and Heun's method nearer than Euler's.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_sampler").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_sampler.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
basin.run { name = "test-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "gaussian" { count = 256, size = 8, std = 0.25 }, process = process, steps = 20,
  batch = 16, optimizer = basin.optimizer "adam" { lr = 5e-3 },
}
local function pixels(sampler, batch)
  local images = basin.run { name = "test-sampler", device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = sampler, count = 4, batch = batch or 4, seed = 0,
  }
  assert(images.count == 4)
  return images.pixels * 1.0  -- uint8 wraps around: compare as numbers
end
local function mine(options, batch) return pixels(basin.sampler("my_sampler", options), batch) end
local function largest(a, b) return (a - b):abs():max():item() end
local function mean(a, b) return (a - b):abs():mean():item() end

local far = pixels(basin.sampler "ddim" { steps = 200, eta = 0, spacing = "even" })
local euler, heun = mine { steps = 50, method = "euler" }, mine { steps = 50 }
local first, second = mean(euler, far), mean(heun, far)  -- in 255ths
assert(second < 0.6 * first and second < 1, ("Heun's is %.2f off, Euler's %.2f"):format(second, first))
assert(mean(mine { steps = 200, method = "euler" }, far) < 0.5 * first)

-- The same again, and an image does not depend on those beside it, but for rounding.
assert(largest(heun, mine { steps = 50 }) == 0)
assert(largest(heun, mine({ steps = 50 }, 1)) <= 1)

local ok, message = pcall(function() return basin.sampler "my_sampler" { method = "midpoint" } end)
assert(not ok and tostring(message):find "heun", message)
print "ok"
