-- What the scripts of this folder share: the arguments, the networks, the trainings with their averages. Every script
-- trains what it needs and finds trained what another one, or an earlier start, trained already.
--
--   --set data=DIR      CIFAR-10 in its binary layout (for tower and ffhq: a folder of images)
--   --set size=small    a network of 1.4 million parameters at 16x16: about an hour a seed on two cores
--   --set size=paper    the network, the steps and the 50,000 samples of the paper: a lab's work on GPUs
local basin = require "basin"

local study = {}

basin.arguments {
  data = { type = "folder", help = "the images: CIFAR-10's binary layout, or for other sets a folder of images" },
  dataset = { type = "string", default = "cifar10", choices = { "cifar10", "tower", "ffhq" }, help = "which images" },
  size = { type = "string", default = "small", choices = { "small", "paper" }, help = "what is trained, and how long" },
  seeds = { type = "numbers", default = { 0, 1, 2 }, help = "one training of each method for each seed" },
  rho = { type = "number", default = 0.1, minimum = 0, help = "radius of SAM" },
  steps = { type = "integer", default = 0, minimum = 0, help = "training steps; 0: those of the size" },
  samples = { type = "integer", default = 0, minimum = 0, help = "images for an FID; 0: those of the size" },
  inception = { type = "string", default = "", help = "weights by scripts/convert_inception.py; else small_features" },
}
local args = basin.args

-- The paper's settings (arXiv 2503.11078, section 4.1); what it does not say is DDPM-IP's, whose networks it uses
-- (arXiv 2301.11706). The EMA of the small size reaches over the same share of its training.
local sizes = {
  paper = {
    image = { cifar10 = 32, tower = 64, ffhq = 64 },
    model = {
      cifar10 = { image = 32, learned_variance = true, dropout = 0.3 },
      tower = { image = 64, channels = 192, head_channels = 64, attention = { 32, 16, 8 }, learned_variance = true, dropout = 0.1 },
      ffhq = { image = 64, channels = 192, head_channels = 64, attention = { 32, 16, 8 }, learned_variance = true, dropout = 0.1 },
    },
    batch = { cifar10 = 128, tower = 256, ffhq = 256 },
    steps = 200000, lr = 1e-4, samples = 50000, noise_schedule = "loss_second_moment",
    ema = { decay = 0.9999 }, swa = { start = 180000, every = 100 }, pema = { every = 5000 }, snapshots = {},
  },
  small = {
    image = { cifar10 = 16, tower = 16, ffhq = 16 },
    batch = { cifar10 = 32, tower = 32, ffhq = 32 },
    steps = 6300, lr = 5e-4, samples = 1024, noise_schedule = "uniform",
    ema = { decay = 0.997 }, swa = { start = 5670, every = 3 }, pema = { every = 315 },
    snapshots = { 630, 1260, 1890, 2520, 3150, 4410 },
  },
}
local small_model = { image = 16, channels = 32, multipliers = { 1, 2, 2 }, blocks = 1, attention = { 8 } }

local size = sizes[args.size]
study.size, study.image = size, size.image[args.dataset]
study.steps = args.steps > 0 and args.steps or size.steps
study.samples = args.samples > 0 and args.samples or size.samples
study.seeds = {}
for i, seed in ipairs(args.seeds) do study.seeds[i] = math.tointeger(seed) end
study.process = basin.process "vp" { schedule = "cosine", steps = 1000 }

function study.images(split)
  if args.dataset == "cifar10" then
    return basin.dataset "cifar10" { root = args.data, split = split, size = study.image }
  end
  return basin.dataset "image_folder" { root = args.data, size = study.image }
end

function study.model() return basin.model "adm_unet" ((size.model or {})[args.dataset] or small_model) end

local function adam() return basin.optimizer "adam" { lr = size.lr } end

-- The paper's three trainings; the input perturbation is DDPM-IP's 0.1.
study.methods = {
  { name = "adam", label = "ADM", optimizer = adam },
  { name = "ip", label = "+IP", optimizer = adam, input_perturbation = 0.1 },
  { name = "sam", label = "+SAM", optimizer = function(rho)
      return basin.optimizer "sam" { rho = rho or args.rho, base = adam() }
    end },
}
for _, method in ipairs(study.methods) do study.methods[method.name] = method end

-- The averages that every training keeps beside its weights, and where their numbers come from.
function study.averages()
  return {
    ema = basin.averager "ema" (size.ema),
    swa = basin.averager "swa" (size.swa),
    pema = basin.averager "post_hoc_ema" (size.pema),
  }
end

-- One method trained from one seed: the model, its run, and what the training took. Weights of earlier steps are kept
-- as files beside it, because a training at a constant rate passes through every shorter one: study.earlier finds them.
function study.train(method, seed, options)
  options = options or {}
  local model = study.model()
  local steps = options.steps or study.steps
  local name = method.name .. (options.rho and "-" .. options.rho or "")
  local run = basin.run { name = "flatness-" .. name .. "-" .. seed, seed = seed, precision = "bf16" }
  local keep = {}
  for _, step in ipairs(size.snapshots) do keep[step] = step < steps end
  local trained = run:train {
    model = model, data = study.train_images, process = study.process, steps = steps,
    batch = size.batch[args.dataset], optimizer = method.optimizer(options.rho), averages = study.averages(),
    noise_schedule = basin.noise_schedule (size.noise_schedule) {}, input_perturbation = method.input_perturbation or 0,
    on_step = function(at)
      if not keep[at.step] then return end
      model:save(run.folder .. "/weights-" .. at.step .. ".safetensors")
      model:averaged("ema"):save(run.folder .. "/ema-" .. at.step .. ".safetensors")
    end,
  }
  return model, run, trained
end

-- The model as it was at an earlier step of its training: `average` nil or "ema".
function study.earlier(run, step, average)
  return study.model():load(run.folder .. "/" .. (average or "weights") .. "-" .. step .. ".safetensors")
end

study.train_images, study.test_images = study.images "train", study.images "test"
return study
