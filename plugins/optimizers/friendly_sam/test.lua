local basin, toy = require "basin", require "toy"
local watched, distance, close, refused = toy.watched, toy.distance, toy.close, toy.refused
local still, adam = basin.optimizer "sgd" { lr = 0 }, basin.optimizer "adam" { lr = 1e-2 }

-- Two passes, |e| = rho; sigma = 0 is SAM, bit for bit, and so is the first step.
local seen, before = watched("friendly-e", 2, basin.optimizer("friendly_sam", { rho = 0.3, base = still }))
assert(#seen == 4)
close(distance(seen[2].weights, before), 0.3, 1e-4)
close(distance(seen[4].weights, before), 0.3, 1e-4)
local _, _, sam = watched("friendly-sam", 3, basin.optimizer("sam", { rho = 0.1, base = adam }))
local _, _, same = watched("friendly-same", 3, basin.optimizer("friendly_sam", { rho = 0.1, sigma = 0, base = adam }))
local _, _, other = watched("friendly-other", 3, basin.optimizer("friendly_sam", { rho = 0.1, base = adam }))
assert(distance(sam, same) == 0 and distance(sam, other) > 0)

toy.reports_sharpness("friendly_sam", basin.optimizer("friendly_sam", { rho = 0.5, base = adam }))

-- It learns.
local _, _, _, losses = watched("friendly_sam-learns", 60, basin.optimizer("friendly_sam", { rho = 0.05, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local stuck = basin.optimizer("friendly_sam", { rho = 5, base = basin.optimizer "adam" { lr = 3e-3 } })
local share, advice = toy.started("friendly_sam-stuck", stuck)
assert(share > 0.9 and advice and advice < 1, share)

refused("decay", function() return basin.optimizer "friendly_sam" { decay = 2, base = adam } end)
print "ok"
