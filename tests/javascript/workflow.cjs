// A whole workflow with the vendor's SDK, as an application would have it. Prints what happened, as JSON.
//
//   NODE_PATH=…/node_modules node workflow.cjs 127.0.0.1:8080 Promotions

'use strict'

const { MemoryStorageFactory, gateway } = require('@elasticpath/js-sdk')

const [host, endpoint] = process.argv.slice(2)
const credentials = { client_id: 'a client', client_secret: 'a secret' }
const rule = endpoint === 'RulePromotions'
const seen = {}

// The SDK tells on standard output that it fetches a token.
console.info = () => {}

function connect(storage = new MemoryStorageFactory()) {
  return gateway({ ...credentials, host, protocol: 'http', storage, retryDelay: 1, retryJitter: 1 })
}

const client = connect()
const promotions = client[endpoint]
const listJobs = (id) => (rule ? promotions.Jobs(id) : promotions.PromotionJobs(id))
const cancelJob = (id, jobId) =>
  rule ? promotions.CancelJob(id, jobId) : client.request.send(`promotions/${id}/jobs/${jobId}/cancel`, 'POST')

const body = rule
  ? {
      rule_set: {
        rules: { strategy: 'cart_total', operator: 'gte', args: [1000] },
        actions: [{ strategy: 'cart_discount', args: ['percent', 10] }],
      },
    }
  : {
      promotion_type: 'fixed_discount',
      schema: { currencies: [{ currency: 'USD', amount: 1000 }] },
    }

async function refusal(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a refusal')
}

// The statuses of the newest job, each once, until one of these.
async function statuses(id, ...last) {
  const found = []
  for (;;) {
    const [newest] = (await listJobs(id)).data
    if (found.at(-1) !== newest.status) found.push(newest.status)
    if (last.includes(newest.status)) return { found, newest }
  }
}

async function main() {
  seen.token = Object.keys(await client.Authenticate())

  const created = (
    await promotions.Create({
      name: 'From JavaScript',
      description: 'made by the SDK',
      enabled: true,
      automatic: false,
      start: '2020-01-01',
      end: '2100-01-01',
      ...body,
    })
  ).data
  const id = created.id
  seen.created = [created.type, created.start]
  seen.got = (await promotions.Get(id)).data.name
  seen.updated = (await promotions.Update(id, { name: 'Changed' })).data.name

  const added = await promotions.AddCodes(id, [{ code: 'a/b c' }, { code: 'twice', uses: 2 }, { code: 'third' }])
  seen.added = rule ? added.data.map((code) => code.code) : added.data.id === id
  seen.duplicate = await refusal(promotions.AddCodes(id, [{ code: 'twice' }]))
  const page = await promotions.Limit(2).Offset(1).Codes(id)
  seen.page = [page.data.map((code) => code.code), page.meta]
  seen.byCode = (await promotions.Filter({ eq: { code: 'twice' } }).All()).data.length

  const generate = (count) =>
    promotions.AddCodesJob(id, {
      type: 'promotion_job',
      job_type: 'code_generate',
      name: 'from JavaScript',
      parameters: { number_of_codes: count, code_prefix: 'js', max_uses_per_code: 1 },
    })
  seen.pending = (await generate(50)).data.status
  seen.second = await refusal(generate(1))
  const generated = await statuses(id, 'completed', 'failed')
  seen.generated = [generated.found, generated.newest.result]

  await promotions.AddCodesJob(id, { type: 'promotion_job', job_type: 'code_export' })
  const exported = await statuses(id, 'completed', 'failed')
  const { href } = await promotions.GetCodeExportFile(id, exported.newest.id)
  const lines = (await (await fetch(href)).text()).split('\r\n')
  seen.exported = [exported.found, lines.length - 2, lines[0], lines[1].split(',')[0], lines.at(-1)]

  await generate(40)
  const processing = await statuses(id, 'processing')
  seen.cancelling = (await cancelJob(id, processing.newest.id)).data.status
  const cancelled = await statuses(id, 'cancelled')
  const { result } = cancelled.newest
  seen.cancelled = [cancelled.found, result.generated === result.deleted]
  seen.tooLate = await refusal(cancelJob(id, cancelled.newest.id))

  // A filter stays until a call forgets it; in Standard the call that lists jobs does not.
  promotions.Filter({ eq: { status: 'completed' } })
  seen.completed = (await listJobs(id)).data.length
  seen.sticky = rule ? null : await refusal(promotions.Codes(id))

  const codes = (await promotions.Limit(100).Codes(id)).data
  seen.codes = codes.length
  seen.deletedOne = await promotions.DeleteCode(id, 'a/b c')
  seen.deletedById = rule ? await promotions.DeleteCode(id, codes[2].id) : null
  seen.deletedMany = await promotions.DeleteCodes(id, codes.slice(3).map(({ code }) => ({ code })))
  seen.left = (await promotions.Codes(id)).data.map((code) => code.code)
  seen.history = rule ? null : (await promotions.History(id)).data.map((version) => version.name)

  const stale = new MemoryStorageFactory()
  stale.set('epCredentials', JSON.stringify({ client_id: credentials.client_id, access_token: 'stale', expires: 1e10 }))
  seen.retried = (await connect(stale)[endpoint].All()).data.length

  seen.deleted = await promotions.Delete(id)
  seen.gone = await refusal(promotions.Get(id))
}

main().then(
  () => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(JSON.stringify(seen, null, 1), error)
    process.exitCode = 1
  },
)
