-- The first look at "Understanding Flatness in Generative Models" (arXiv 2503.11078) on real images: Adam against SAM
-- over rho, at equal steps and at equal time, before and after quantization to 8 and 4 bits.
--
--   ./basin run scripts/flatness/first.lua --set data=DIR        CIFAR-10 in its binary layout, 16x16, about 25 minutes
--   ./basin run scripts/flatness/first.lua --set data=DIR --set size=32 --set steps=6000
--
-- Stop it at any point; the same command goes on.
local basin = require "basin"

basin.arguments {
  data = { type = "folder", help = "CIFAR-10, binary layout" },
  size = { type = "integer", default = 16, help = "side of the images: 16 or 32" },
  steps = { type = "integer", default = 1500, minimum = 10, help = "training steps" },
  batch = { type = "integer", default = 32, minimum = 1, help = "images a step" },
  lr = { type = "number", default = 5e-4, help = "learning rate" },
  rho = { type = "numbers", default = { 0.01, 0.03, 0.1 }, help = "SAM's radii" },
  seed = { type = "integer", default = 0, help = "of everything" },
  images = { type = "integer", default = 512, minimum = 64, help = "images sampled for the FID of each model" },
}
local args = basin.args

local train = basin.dataset "cifar10" { root = args.data, split = "train", size = args.size }
local test = basin.dataset "cifar10" { root = args.data, split = "test", size = args.size }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local features = basin.model "small_features" {}
local fid = basin.metric "fid" { features = features }
local lpf = basin.metric "lpf" { sigma = 0.01, draws = 8, images = 256 }

local function adam() return basin.optimizer "adam" { lr = args.lr } end

local runs, rows = {}, {}

-- Trains one method and adds a row for each precision of its averaged weights.
local function study(label, optimizer, steps)
  local model = basin.model "adm_unet" {
    image = args.size, channels = 32, multipliers = { 1, 2, 2 }, blocks = 1, attention = { 8 },
  }
  local run = basin.run { name = "first-" .. label, seed = args.seed, precision = "bf16" }
  local trained = run:train {
    model = model, data = train, process = process, steps = steps, batch = args.batch,
    optimizer = optimizer, averages = { ema = basin.averager "ema" { decay = 0.995 } },
  }
  local ema = model:averaged "ema"
  local candidates = { ema }
  for _, bits in ipairs { 8, 4 } do
    candidates[#candidates + 1] = run:quantize { model = ema, quantizer = basin.quantizer "uniform" { bits = bits } }
  end
  for _, candidate in ipairs(candidates) do
    local images = run:sample {
      model = candidate, sampler = basin.sampler "ddpm" { steps = 20 }, count = args.images, batch = 128,
    }
    local flatness = lpf:measure(candidate, test)
    rows[#rows + 1] = {
      label, steps, trained.seconds, candidate.label,
      flatness, flatness.lpf_minus_loss, flatness.loss, fid:measure(images, test),
    }
  end
  runs[#runs + 1] = run
  return trained
end

study("adam", adam(), args.steps)
for _, rho in ipairs(args.rho) do
  study("sam-" .. rho, basin.optimizer "sam" { rho = rho, base = adam() }, args.steps)
end
-- SAM pays two passes a step: at equal time Adam takes twice as many.
study("adam-2x", adam(), 2 * args.steps)

print(basin.table {
  columns = { "method", "steps", "training s", "weights", "LPF", "LPF - loss", "loss", "FID (small_features)" },
  rows = rows,
})
print("data: " .. test.reference .. "; every interval is 95 %; report: " .. basin.report { runs = runs })
