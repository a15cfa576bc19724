-- What my_model must do: predict 0 at first, count its parameters right, and learn, also with other channels.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_model").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_model.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local data = basin.dataset "gaussian" { count = 256, size = 8, std = 0.25 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local function make() return basin.model "my_model" { image = 8, channels = 16, blocks = 2 } end

-- embed 16 -> 32; first 3 -> 16; each block: level 32 -> 32, norm, conv; then a norm and a convolution.
local block = (32 * 32 + 32) + 2 * 16 + (16 * 16 * 9 + 16)
assert(make().count == (16 * 32 + 32) + (3 * 16 * 9 + 16) + 2 * block + 2 * 16 + (16 * 3 * 9 + 3), make().count)

local loss = basin.metric("lpf", { sigma = 0, draws = 1, images = 256 }):measure(make(), data, { process = process }).loss
assert(math.abs(loss - 1) < 0.05, loss)  -- it predicts 0: the mean square of the noise

local model = make()
local run = basin.run { name = "test-model", device = "cpu", precision = "fp32" }
run:train {
  model = model, data = data, process = process, steps = 100, batch = 32, optimizer = basin.optimizer "adam" { lr = 5e-3 },
}
local after = basin.metric("lpf", { sigma = 0, draws = 1, images = 256 }):measure(model, data).loss
assert(after < 0.5 * loss, after)
local images = run:sample { model = model, sampler = basin.sampler "ddim" { steps = 5 }, count = 4 }
assert(images.count == 4)

local ok, message = pcall(function()
  return basin.metric("lpf", {}):measure(basin.model "my_model" { channels = 12 }, data, { process = process })
end)
assert(not ok and tostring(message):find "multiple of 8", message)
print "ok"
