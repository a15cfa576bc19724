-- SAM against Adam at equal steps, at equal time (SAM at half the steps: it takes two passes) and at equal loss: whether SAM is
-- flat because it is behind in its training. From the weights that both trainings passed through.
local basin = require "basin"
local study = require "study"

local marks = {}
for _, step in ipairs(study.size.snapshots) do
  if step < study.steps then marks[#marks + 1] = step end
end
marks[#marks + 1] = study.steps

local found = {}  -- by method and step: for each seed { loss, lpf - loss }
local rows = {}
for _, method in ipairs { "adam", "ip", "sam" } do
  found[method] = {}
  for _, step in ipairs(marks) do
    local at = {}
    found[method][step] = at
    for i, seed in ipairs(study.seeds) do
      local _, run = study.weights({ method, "ema" }, seed)
      local flat = study.lpf_metric:measure(study.earlier(run, step, "ema"), study.test_images, { process = study.process })
      at[i] = { flat.loss, flat.lpf_minus_loss }
    end
    local function over(k)
      local i = 0
      return study.over_seeds(function() i = i + 1 return at[i][k] end)
    end
    rows[#rows + 1] = { method, step, step * (method == "sam" and 2 or 1), over(1), over(2) }
  end
end
print(basin.table { columns = { "+EMA of", "steps", "passes", "loss", "LPF - loss" }, rows = rows })

-- SAM's LPF - loss minus Adam's, one pair for each seed; gives nil where a seed has none.
local function difference(pair)
  for i in ipairs(study.seeds) do
    if not pair(i) then return nil end
  end
  local i = 0
  return study.over_seeds(function() i = i + 1 return pair(i) end)
end

-- Adam's LPF - loss where its loss was SAM's last one: along its own training, between the two marks around it.
local function at_equal_loss(i)
  local target = found.sam[study.steps][i]
  for k = 1, #marks - 1 do
    local a, b = found.adam[marks[k]][i], found.adam[marks[k + 1]][i]
    if (a[1] - target[1]) * (b[1] - target[1]) <= 0 then
      local share = (a[1] - target[1]) / (a[1] - b[1])
      return target[2] - (a[2] + share * (b[2] - a[2])), marks[k] + share * (marks[k + 1] - marks[k])
    end
  end
end
local function at(sam, adam)
  return function(i) return found.sam[sam] and found.sam[sam][i][2] - found.adam[adam][i][2] end
end

local half = study.steps // 2
local _, step = at_equal_loss(1)
print(basin.table {
  columns = { "LPF - loss: SAM minus Adam", "difference" },
  rows = {
    { "at equal steps", difference(at(study.steps, study.steps)) },
    { "at equal time", difference(at(half, study.steps)) or "no weights of SAM at half the steps were kept" },
    { step and ("at equal loss, which Adam had after %d steps or so"):format(math.floor(step)) or "at equal loss",
      difference(at_equal_loss) or "Adam's loss was never SAM's last one" },
  },
})
study.footer()
