-- The gap of a model that predicts nothing, on data whose optimal loss is a formula.
local basin = require "basin"

local data = basin.dataset "gaussian" { count = 2000, size = 8, std = 0.5 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }

local found = basin.metric("optimal_loss", { queries = 128 }):measure(model, data, { process = process })
local rows = {}
for _, curve in ipairs(found.curves) do
  for i, t in ipairs(curve.x) do
    rows[i] = rows[i] or { t }
    table.insert(rows[i], { value = curve.y[i], low = curve.low and curve.low[i], high = curve.high and curve.high[i] })
  end
end
print(basin.table { columns = { "t", "gap", "loss", "optimal" }, rows = rows })
