-- What the scripts of this folder share: the arguments, the networks, the trainings with their averages. Every script
-- trains what it needs and finds trained what another one, or an earlier start, trained already.
--
--   --set data=DIR      CIFAR-10 in its binary layout (for tower and ffhq: a folder with images in train/ and in test/)
--   --set size=small    a network of 1.4 million parameters at 16x16: forty minutes of training a seed on one core, as long to measure
--   --set size=paper    the network, the steps and the 50,000 samples of the paper: a lab's work on GPUs
--
-- Whatever was measured once is loaded: the rows that two tables share are computed for the first of them.
local basin = require "basin"

local study = {}

basin.arguments {
  data = { type = "folder", help = "CIFAR-10's binary layout; for other sets a folder with images in train/ and test/" },
  dataset = { type = "choice", default = "cifar10", choices = { "cifar10", "tower", "ffhq" }, help = "which images" },
  size = { type = "choice", default = "small", choices = { "small", "paper" }, help = "what is trained, and how long" },
  seeds = { type = "integers", default = { 0, 1, 2 }, help = "one training of each method for each seed" },
  rho = { type = "number", default = 0.1, minimum = 0, help = "radius of SAM" },
  batch = { type = "integer", default = 0, minimum = 0, help = "images of a training step; 0: those of the size" },
  ema = { type = "number", default = 0, minimum = 0, maximum = 1, help = "decay of EMA; 0: that of the size" },
  steps = { type = "integer", default = 0, minimum = 0, help = "training steps; 0: those of the size" },
  samples = { type = "integer", default = 0, minimum = 0, help = "images for an FID; 0: those of the size" },
  sigma = { type = "number", default = 0.01, minimum = 0, help = "of LPF: the paper does not say its own" },
  draws = { type = "integer", default = 8, minimum = 2, help = "of LPF: perturbed models" },
  images = { type = "integer", default = 256, minimum = 4, help = "held-out images for LPF; the curves take a half or a quarter" },
  radius = { type = "number", default = 1, minimum = 0, help = "of the attack in table5: the paper does not say its own" },
  iterations = { type = "integer", default = 10, minimum = 1, help = "of that attack's ascent" },
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
    ema = { decay = 0.9999 }, swa_every = 100, pema_snapshots = 40, marks = { 0.25, 0.5, 0.75 },
  },
  small = {
    image = { cifar10 = 16, tower = 16, ffhq = 16 },
    batch = { cifar10 = 32, tower = 32, ffhq = 32 },
    steps = 6300, lr = 5e-4, samples = 512, noise_schedule = "uniform",
    ema = { decay = 0.997 }, swa_every = 3, pema_snapshots = 20,
    marks = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.7 },
  },
}
local small_model = { image = 16, channels = 32, multipliers = { 1, 2, 2 }, blocks = 1, attention = { 8 } }

local size = sizes[args.size]
study.size, study.image = size, size.image[args.dataset]
study.batch = args.batch > 0 and args.batch or size.batch[args.dataset]
local ema = args.ema > 0 and { decay = args.ema } or size.ema
study.steps = args.steps > 0 and args.steps or size.steps
study.marks = {}  -- the steps of a whole training whose weights are kept, the last one with them
for i, share in ipairs(size.marks) do study.marks[i] = math.floor(share * study.steps + 0.5) end
study.marks[#study.marks + 1] = study.steps
study.samples = args.samples > 0 and args.samples or size.samples
study.seeds = args.seeds
local given = {}
for _, seed in ipairs(study.seeds) do
  if given[seed] then error(("seed %d is given twice: the same training twice would make intervals narrow"):format(seed), 0) end
  given[seed] = true
end
if #study.seeds == 0 then error("seeds names none: --set seeds=0,1,2", 0) end
study.process = basin.process "vp" { schedule = "cosine", steps = 1000 }

-- "train" or "test", which is held out.
function study.images(split)
  if args.dataset == "cifar10" then
    return basin.dataset "cifar10" { root = args.data, split = split, size = study.image }
  end
  return basin.dataset "image_folder" { root = args.data .. "/" .. split, size = study.image }
end

function study.model() return basin.model "adm_unet" ((size.model or {})[args.dataset] or small_model) end

local function adam() return basin.optimizer "adam" { lr = size.lr } end

-- The paper's three trainings; the input perturbation is DDPM-IP's 0.1.
study.methods = {
  { name = "adam", optimizer = adam },
  { name = "ip", optimizer = adam, input_perturbation = 0.1 },
  { name = "sam", optimizer = function(rho)
      return basin.optimizer "sam" { rho = rho or args.rho, base = adam() }
    end },
}
for _, method in ipairs(study.methods) do study.methods[method.name] = method end

-- The averages that every training of so many steps keeps beside its weights; SWA is of its last tenth.
function study.averages(steps)
  return {
    ema = basin.averager "ema" (ema),
    swa = basin.averager "swa" { start = steps * 9 // 10, every = size.swa_every },
    pema = basin.averager "post_hoc_ema" { every = math.max(1, steps // size.pema_snapshots) },
  }
end

local done = {}  -- what study.train gave, by name, seed and steps: a script trains or loads each once

-- One method trained from one seed: the model, its run, and what the training took. Weights of earlier steps are kept
-- as files beside it, because a training at a constant rate passes through every shorter one: study.earlier finds them.
-- options, each the study's own where it is not given: rho of SAM, batch, steps, averages, noise_schedule, loss; and with
-- one of the last two variant, what the run's name says of it.
function study.train(method, seed, options)
  options = options or {}
  assert(options.variant or not (options.noise_schedule or options.loss), "another noise_schedule or loss wants a variant")
  local name = method.name .. (options.rho and "-" .. options.rho or "") .. (options.batch and "-batch" .. options.batch or "")
    .. (options.variant and "-" .. options.variant or "")
  local steps = options.steps or study.steps
  local key = name .. " " .. seed .. " " .. steps
  if done[key] then return table.unpack(done[key]) end
  local model = study.model()
  local run = basin.run { name = "flatness-" .. name .. "-" .. seed, seed = seed, precision = "bf16" }
  local keep = {}
  for _, step in ipairs(study.marks) do keep[step] = step < steps and steps == study.steps end
  local trained = run:train {
    model = model, data = study.train_images, process = study.process, steps = steps,
    batch = options.batch or study.batch, optimizer = method.optimizer(options.rho),
    averages = options.averages or study.averages(steps),
    noise_schedule = options.noise_schedule or basin.noise_schedule (size.noise_schedule) {}, loss = options.loss,
    input_perturbation = method.input_perturbation or 0,
    on_step = function(at)
      if not keep[at.step] then return end
      model:save(run.folder .. "/weights-" .. at.step .. ".safetensors")
      model:averaged("ema"):save(run.folder .. "/ema-" .. at.step .. ".safetensors")
    end,
  }
  done[key] = { model, run, trained }
  return model, run, trained
end

-- The weights, or the average "ema", that a training passed through at one of study.marks. In float32; what measures them
-- is told the process.
function study.earlier(run, step, average)
  local file = average or "weights"
  if step == study.steps then file = "/checkpoints/" .. (average or "model") else file = "/" .. file .. "-" .. step end
  return study.model():load(run.folder .. file .. ".safetensors")
end

-- ---- what is measured ---------------------------------------------------------------------------------------------

study.train_images, study.test_images = study.images "train", study.images "test"
study.features = args.inception ~= "" and basin.model "inception_v3" { weights = args.inception } or basin.model "small_features" {}
study.fid_metric = basin.metric "fid" { features = study.features }
study.lpf_metric = basin.metric "lpf" { sigma = args.sigma, draws = args.draws, images = args.images }

-- The rows of Table 2: a method and an average of its weights (nil: the weights as they are).
study.rows = {
  { "adam", nil, "ADM" }, { "adam", "ema", "+EMA" }, { "adam", "swa", "+SWA" },
  { "ip", nil, "+IP" }, { "ip", "ema", "+IP+EMA" }, { "ip", "swa", "+IP+SWA" },
  { "sam", nil, "+SAM" }, { "sam", "ema", "+SAM+EMA" }, { "sam", "swa", "+SAM+SWA" },
}

-- The model of a row at a seed, and its run. options, of the averager, as model:averaged has them.
function study.weights(row, seed, options)
  local model, run = study.train(study.methods[row[1]], seed)
  return row[2] and model:averaged(row[2], options) or model, run
end

-- FID of `steps` DDPM steps from a model that came out of a run. The reference is what the model was trained on at the
-- paper's size, as the paper's; the test images at the small one.
function study.fid(model, run, steps, sampler)
  sampler = sampler or basin.sampler "ddpm" { steps = steps }
  local images = run:sample { model = model, sampler = sampler, count = study.samples, batch = 128 }
  return study.fid_metric:measure(images, args.size == "paper" and study.train_images or study.test_images), images
end

function study.lpf(model, data) return study.lpf_metric:measure(model, data or study.test_images) end

function study.quantized(model, run, bits, options)
  local quantizer = { bits = bits }
  for name, value in pairs(options or {}) do quantizer[name] = value end
  return (run:quantize { model = model, quantizer = basin.quantizer "uniform" (quantizer) })
end

-- What numbers(seed) gives, one or several: of each the mean over the seeds with its interval.
function study.over_seeds(numbers)
  local cells = {}
  for i, seed in ipairs(study.seeds) do
    local found = table.pack(numbers(seed))
    for k = 1, found.n do
      cells[k] = cells[k] or {}
      cells[k][i] = assert(found[k], "a number is missing")
    end
  end
  for k, values in ipairs(cells) do cells[k] = basin.estimate(values) end
  return table.unpack(cells)
end

-- A curve of metric:measure(model, test images), by name: y of a row as the mean over the seeds, [n], and its x.
function study.mean_curve(row, metric, name)
  local sum, x = 0, nil
  for _, seed in ipairs(study.seeds) do
    for _, curve in ipairs(metric:measure(study.weights(row, seed), study.test_images).curves) do
      if curve.name == name then sum, x = sum + basin.tensor(curve.y) / #study.seeds, curve.x end
    end
  end
  return sum, x
end

-- A number of the paper beside ours, or a dash where it has none for this data set.
function study.printed(value, format) return value and (format or "%.2f"):format(value) or "-" end

-- What every table ends with.
function study.footer()
  print(("%s, %d images sampled, FID in %s, %d seeds; intervals are 95 %% of Student's t over seeds. Paper: arXiv 2503.11078.")
    :format(study.test_images.reference, study.samples, args.inception ~= "" and "inception_v3" or "small_features", #study.seeds))
end

-- What the paper's size costs, from one forward pass on this machine, said before anything starts.
if args.size == "paper" then
  local model, batch = study.model(), 4
  local x, t = basin.randn { batch, 3, study.image, study.image }, basin.zeros { batch }
  local seconds = math.huge
  for _ = 1, 2 do
    local start = os.clock()
    model(x, t)
    seconds = math.min(seconds, (os.clock() - start) / batch)
  end
  local passes = 0  -- of one image forward; a backward is two of them
  for _, method in ipairs(study.methods) do
    passes = passes + 3 * study.steps * study.batch * (method.name == "sam" and 2 or 1)
  end
  print(("size = paper: %d seeds x 3 trainings of %d steps, %.3g forward passes of an image; at %.3g s each, as this machine's "
    .. "processor takes in float32, %.3g days. Sampling 50,000 images at 20 and 100 steps adds %.3g passes to each of 9 rows. "
    .. "A checkpoint holds the weights, Adam's moments and the averages with the snapshots of post-hoc EMA, %.3g GB, and a training keeps two.")
    :format(#study.seeds, study.steps, passes * #study.seeds, seconds, passes * #study.seeds * seconds / 86400, 120 * 5e4,
      (2 * size.pema_snapshots + 7) * 4 * model.count / 1e9))
end

return study
