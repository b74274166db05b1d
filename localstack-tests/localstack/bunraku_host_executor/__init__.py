"""An executor for LocalStack's Lambda that runs `bootstrap` as a process of the host.

`runtime_api` speaks with the function, `process` runs it, `sandbox` joins the two into what Lambda calls
an execution environment. These know nothing of LocalStack; `executor` fits them into it, and `gateway` and
`environments` mend two faults of LocalStack 4.14.0 that the tests would meet.
"""
