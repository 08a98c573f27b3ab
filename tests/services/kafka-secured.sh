# shellcheck shell=bash
# A second broker, to which clients come with TLS and logins, and which grants rights: for tests of clients.
#
# alice (alice-secret) may everything, mallory (mallory-secret) nothing; with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.
# OAUTHBEARER takes unsecured tokens. The listener SSL wants a certificate of the client, which may everything.

# shellcheck source=SCRIPTDIR/kafka.sh
source "$HERE/kafka.sh"

kafka_secured_install() {
    kafka_install
    command -v openssl >/dev/null || apt_need openssl
}

# A certificate authority, a certificate of it for 127.0.0.1 (not for the name localhost), one for a client, and an
# authority that signed nothing here.
kafka_secured_certificates() { # FOLDER
    local folder=$1 name
    [ -e "$folder/done" ] && return 0
    mkdir -p "$folder"
    for name in ca other-ca; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=connectd test $name" \
            -keyout "$folder/$name.key" -out "$folder/$name.pem"
    done
    echo 'subjectAltName=IP:127.0.0.1' >"$folder/broker.ext"
    echo 'extendedKeyUsage=clientAuth' >"$folder/client.ext"
    for name in broker client; do
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$folder/$name.key" -out "$folder/$name.csr"
        openssl x509 -req -in "$folder/$name.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
            -days 3650 -extfile "$folder/$name.ext" -out "$folder/$name.crt"
        cat "$folder/$name.key" "$folder/$name.crt" >"$folder/$name.pem"
    done
    openssl pkcs8 -topk8 -in "$folder/client.key" -passout pass:key-secret -out "$folder/client-encrypted.key"
    cat "$folder/client-encrypted.key" "$folder/client.crt" >"$folder/client-encrypted.pem"
    openssl pkcs12 -export -inkey "$folder/client.key" -in "$folder/client.crt" -passout pass:store-secret \
        -out "$folder/client.p12"
    touch "$folder/done"
}

kafka_secured_settings() { # FOLDER, then the ports of CONTROLLER, INTERNAL, SSL, SASL_SSL and SASL_PLAINTEXT
    local folder=$1 security=org.apache.kafka.common.security listener
    local listeners="INTERNAL://127.0.0.1:$3,SSL://127.0.0.1:$4,SASL_SSL://127.0.0.1:$5,SASL_PLAINTEXT://127.0.0.1:$6"
    cat <<SETTINGS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=$listeners,CONTROLLER://127.0.0.1:$2
advertised.listeners=$listeners
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
inter.broker.listener.name=INTERNAL
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
log.dirs=$folder/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
background.threads=2
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice;User:CN=client
ssl.keystore.type=PEM
ssl.keystore.location=$folder/tls/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$folder/tls/ca.pem
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_plaintext.connections.max.reauth.ms=3000
SETTINGS
    for listener in sasl_ssl sasl_plaintext; do
        cat <<SETTINGS
listener.name.$listener.plain.sasl.jaas.config=$security.plain.PlainLoginModule required user_alice="alice-secret" user_mallory="mallory-secret";
listener.name.$listener.scram-sha-256.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.$listener.scram-sha-512.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.$listener.oauthbearer.sasl.jaas.config=$security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.$listener.oauthbearer.sasl.login.callback.handler.class=$security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler
listener.name.$listener.oauthbearer.sasl.server.callback.handler.class=$security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler
SETTINGS
    done
}

kafka_secured_start() {
    local folder=$SERVICES/data/kafka-secured settings=$SERVICES/run/kafka-secured.properties java port ports=() name
    java=$(find_java)
    for name in controller internal ssl sasl-ssl sasl-plaintext; do
        port=$(port_for "kafka-secured-$name")
        ports+=("$port")
    done
    kafka_secured_certificates "$folder/tls" >"$(log_of kafka-secured)" 2>&1 \
        || die_with_log kafka-secured "its certificates could not be made"
    kafka_secured_settings "$folder" "${ports[@]}" >"$settings"
    if [ ! -e "$folder/log/meta.properties" ]; then
        "$java" -Xmx128m -cp "$(kafka_classpath)" kafka.tools.StorageTool format --ignore-formatted \
            --cluster-id "$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22)" --config "$settings" \
            --add-scram 'SCRAM-SHA-256=[name=alice,password=alice-secret]' \
            --add-scram 'SCRAM-SHA-512=[name=alice,password=alice-secret]' \
            >"$(log_of kafka-secured)" 2>&1 </dev/null \
            || die_with_log kafka-secured "its storage could not be formatted"
    fi
    launch kafka-secured "$java" -Xms128m -Xmx256m -XX:+UseSerialGC -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$HERE/log4j2.properties" -cp "$(kafka_classpath)" kafka.Kafka "$settings"
    wait_for kafka-secured 90 log_says kafka-secured 'Kafka Server started'
}

kafka_secured_exports() {
    echo "export KAFKA_SECURED_INTERNAL=127.0.0.1:$(port_of kafka-secured-internal)"
    echo "export KAFKA_SECURED_SSL=127.0.0.1:$(port_of kafka-secured-ssl)"
    echo "export KAFKA_SECURED_SASL_SSL=127.0.0.1:$(port_of kafka-secured-sasl-ssl)"
    echo "export KAFKA_SECURED_SASL_PLAINTEXT=127.0.0.1:$(port_of kafka-secured-sasl-plaintext)"
    echo "export KAFKA_SECURED_TLS=$SERVICES/data/kafka-secured/tls"
}
