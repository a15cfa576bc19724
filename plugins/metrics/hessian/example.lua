-- The curvature of an untrained model.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }

local curvature = basin.metric("hessian", { images = 8, iterations = 6, probes = 2, density = 3, bands = 0 })
  :measure(model, data, { process = process })
print(curvature)
