-- Where a model learns first: the loss by noise level, before and after sixty steps.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 500, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local metric = basin.metric "my_metric" { images = 256, levels = 5 }

local before = metric:measure(model, data, { process = process })
basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = process, steps = 60, batch = 16, optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
local after, rows = metric:measure(model, data), {}
for i, t in ipairs(after.curves[1].x) do rows[i] = { t, before.curves[1].y[i], after.curves[1].y[i] } end
rows[#rows + 1] = { "all", before, after }
print(basin.table { columns = { "t", "fresh", "trained" }, rows = rows })
