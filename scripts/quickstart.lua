-- Is a flat minimum worth its price? Two trainings of a small diffusion model from one seed, with Adam and with SAM;
-- how flat they end, how good their images are, and what quantization does to both. About three minutes on two cores.
--
--   ./basin run scripts/quickstart.lua
local basin = require "basin"

basin.arguments {
  steps = { type = "integer", default = 300, minimum = 1, help = "training steps of each model" },
  seed = { type = "integer", default = 0, help = "of everything: weights, data order, noise" },
  images = { type = "integer", default = 256, minimum = 16, help = "images sampled from each model" },
}
local args = basin.args

local data = basin.dataset "shapes" { count = 4096, size = 32 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local features = basin.model "small_features" {}

local fid = basin.metric "fid" { features = features }
local lpf = basin.metric "lpf" { sigma = 0.01, draws = 8, images = 128 }
local optimal = basin.metric "optimal_loss" { queries = 128 }

local adam = basin.optimizer "adam" { lr = 1e-3 }
local optimizers = {
  { name = "adam", optimizer = adam },
  { name = "sam", optimizer = basin.optimizer "sam" { rho = 0.03, base = adam } },
}

local rows, runs = {}, {}
for _, method in ipairs(optimizers) do
  local model = basin.model "adm_unet" { image = 32, channels = 32, multipliers = { 1, 2, 2 }, blocks = 1, attention = { 8 } }
  local run = basin.run { name = "quickstart-" .. method.name, seed = args.seed, device = "auto", precision = "bf16" }
  local trained = run:train {
    model = model, data = data, process = process, steps = args.steps, batch = 32,
    optimizer = method.optimizer,
    averages = { ema = basin.averager "ema" { decay = 0.98 } },
  }

  local ema = model:averaged "ema"
  local candidates = { ema }
  for _, bits in ipairs { 8, 4 } do
    candidates[#candidates + 1] = run:quantize { model = ema, quantizer = basin.quantizer "uniform" { bits = bits } }
  end
  for _, candidate in ipairs(candidates) do
    local images = run:sample {
      model = candidate, sampler = basin.sampler "ddpm" { steps = 20 }, count = args.images, batch = 64,
    }
    local flatness = lpf:measure(candidate, data)
    local gap = optimal:measure(candidate, data)
    rows[#rows + 1] = {
      method.name, candidate.label, gap.loss, gap.gap, fid:measure(images, data), flatness, trained.seconds,
    }
  end
  runs[#runs + 1] = run
end

print(basin.table {
  columns = { "optimizer", "weights", "loss", "gap to optimal", "FID (small_features)", "LPF", "training s" },
  rows = rows,
})
print("report: " .. basin.report { runs = runs })
