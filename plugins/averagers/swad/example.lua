-- A model that learns a few pictures by heart: its weights at the end, and the average of those before.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local held_out = basin.dataset "shapes" { count = 256, size = 8, seed = 2 }
basin.run { name = "example-swad", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 32, size = 8, seed = 1 }, validation = held_out,
  process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 200, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 4e-3 },
  averages = { swad = basin.averager "swad" { every = 10 } },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
print("raw", metric:measure(model, held_out).loss)
print("swad", metric:measure(model:averaged "swad", held_out).loss)
