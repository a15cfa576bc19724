-- One run, three averages beside its raw weights.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local data = basin.dataset "gaussian" { size = 8 }
basin.run { name = "example-ema", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 100, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
  averages = {
    short = basin.averager "ema" { decay = 0.9 },
    long = basin.averager "ema" { decay = 0.99 },
    ramped = basin.averager "ema" { decay = 0.99, warmup = "ramp" },
  },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
print("raw", metric:measure(model, data).loss)
for _, name in ipairs { "short", "long", "ramped" } do print(name, metric:measure(model:averaged(name), data).loss) end
